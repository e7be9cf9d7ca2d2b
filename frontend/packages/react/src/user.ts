/**
 * Whose token it is, as far as it can be seen: hosts give their users new tokens every few minutes, and that makes
 * nobody another user. `null` for nobody.
 */
export function userOf(token: string | null | undefined): string | null {
  if (!token) return null;
  try {
    const claims = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    const { iss, user_id, sub } = JSON.parse(atob(claims));
    const user = user_id ?? sub;
    if (user !== undefined) return JSON.stringify([iss, user]);
  } catch {
    // It is no JWT: then it is known by itself only.
  }
  return token;
}
