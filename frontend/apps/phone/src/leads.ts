/** Where what somebody holds to the camera leads: to a page, or nowhere. `null` for nothing at all. */
export function leadsTo(content: string): { url: string } | { says: string } | null {
  const text = content.trim();
  if (!text) return null;
  return /^https?:\/\/\S+$/i.test(text) ? { url: text } : { says: text };
}
