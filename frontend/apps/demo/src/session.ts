/** What the demo's server gives its page: who is signed in on the host's site, and what its back end works with. */
export interface Session {
  user: string;
  /** The user's host token. */
  token: string;
  /** The API key of the host's back end. A demo has no back end, so the page has it. */
  key: string;
  /** The simulator's origin. */
  simulator: string;
  /** Weir's own address, which WeChat sends people back to. */
  weir: string;
}

async function ask<T>(method: string, path: string): Promise<T> {
  const answer = await fetch(path, { method });
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as { detail?: string } | null;
    throw new Error(said?.detail ?? `${method} ${path}: ${answer.status}`);
  }
  const said = (await answer.json().catch(() => null)) as T | null;
  if (said === null) throw new Error(`${method} ${path}: ${answer.status}, but no JSON`);
  return said;
}

export const begin = () => ask<Session>('POST', '/demo/session');

/** What a customer's page needs, which must not have the rest. */
export const where = () => ask<Pick<Session, 'simulator'>>('GET', '/demo/where');
