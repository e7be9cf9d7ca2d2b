import { recall, remember } from './storage.js';

const KEY = 'weir.state';

/** A sign-in that this page has begun and that WeChat's page goes on with. */
interface Begun {
  /** Ours; and Weir's, which WeChat brings back where Weir does not stand between it and us. */
  states: string[];
  /** The secret that no other page has. */
  verifier: string | undefined;
}

/** What WeChat sent us back with. */
export interface SignInAnswer {
  code: string;
  state: string;
  verifier: string | undefined;
}

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const chance = (bytes: number) => base64url(crypto.getRandomValues(new Uint8Array(bytes)));

/**
 * What ties a sign-in to this page: a state, and a secret with its SHA-256 (RFC 7636). Pages without HTTPS cannot reckon
 * that; Weir then knows the browser by a cookie.
 */
export async function tie() {
  const state = chance(16);
  if (!crypto.subtle) return { state, verifier: undefined, challenge: undefined };
  const verifier = chance(32);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return { state, verifier, challenge: base64url(new Uint8Array(digest)) };
}

export function begun(states: string[], verifier: string | undefined): void {
  const kept: Begun = { states, verifier };
  remember('sessionStorage', KEY, JSON.stringify(kept));
}

function pending(): Begun {
  try {
    const { states, verifier } = JSON.parse(recall('sessionStorage', KEY) ?? '');
    if (Array.isArray(states)) return { states, verifier };
  } catch {
    // None was begun, or somebody else's is kept there.
  }
  return { states: [], verifier: undefined };
}

/** The code and state that WeChat sent us back with, once; a state of another's making is left where it is. */
export function takeAnswer(): SignInAnswer | null {
  const address = new URL(location.href);
  const { searchParams: query } = address;
  const [code, state] = [query.get('code'), query.get('state')];
  const { states, verifier } = pending();
  if (!state || !states.includes(state)) return null;
  remember('sessionStorage', KEY, null);
  for (const name of ['code', 'state', 'error']) query.delete(name);
  // A code works once: it must not be in the address when the page is loaded again or shared.
  history.replaceState(history.state, '', address);
  // Whoever does not agree comes back without one.
  return code ? { code, state, verifier } : null;
}

/** This page, as WeChat may send the browser back to it. */
export function thisPage(): string {
  const address = new URL(location.href);
  address.hash = '';
  address.searchParams.delete('code');
  address.searchParams.delete('state');
  return address.href;
}
