type Kind = 'localStorage' | 'sessionStorage';

/** What is kept under a name. A browser that keeps its storage from the page remembers nothing, and throws nothing here. */
export function recall(kind: Kind, name: string): string | null {
  try {
    return globalThis[kind]?.getItem(name) ?? null;
  } catch {
    return null;
  }
}

/** Keeps a text under a name; `null` forgets it. */
export function remember(kind: Kind, name: string, text: string | null): void {
  try {
    if (text === null) globalThis[kind].removeItem(name);
    else globalThis[kind].setItem(name, text);
  } catch {
    // It holds as long as the page.
  }
}
