/** What the demo's server gives its page: who is signed in on the host's site, and what its back end works with. */
export interface Session {
  user: string;
  /** The user's host token. */
  token: string;
  /** The API key of the host's back end. A demo has no back end, so the page has it. */
  key: string;
  /** The simulator's origin. */
  simulator: string;
}

export async function begin(): Promise<Session> {
  const answer = await fetch('/demo/session', { method: 'POST' });
  if (!answer.ok) throw new Error(`POST /demo/session: ${answer.status}`);
  return (await answer.json()) as Session;
}
