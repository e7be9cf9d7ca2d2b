import { type Language, NAMES } from './words';

/** What the page around the phone may say. */
export type Command =
  | { type: 'scan'; content: string }
  | { type: 'user'; user: string }
  | { type: 'language'; language: Language }
  | { type: 'messages' };

/** What leads nowhere but to this machine, as `crates/base/src/here.rs` has it. */
export function isHere(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return (
    hostname === 'localhost' || hostname.endsWith('.localhost') || /^(127(\.\d+){3}|\[::1\])$/.test(hostname)
  );
}

/** `null` for whatever is no command. */
export function commandOf(data: unknown): Command | null {
  if (typeof data !== 'object' || data === null) return null;
  const said = data as Record<string, unknown>;
  if (said.type === 'weir:scan' && typeof said.content === 'string')
    return { type: 'scan', content: said.content };
  if (said.type === 'weir:user' && typeof said.user === 'string') return { type: 'user', user: said.user };
  if (
    said.type === 'weir:language' &&
    typeof said.language === 'string' &&
    Object.hasOwn(NAMES, said.language)
  )
    return { type: 'language', language: said.language as Language };
  return said.type === 'weir:messages' ? { type: 'messages' } : null;
}
