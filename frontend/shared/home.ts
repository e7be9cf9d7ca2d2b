/** A name that nobody answers for is looked for no longer. */
const LONGEST = 5000;

/**
 * Browsers that distrust frames of other sites keep no storage for them. Names under `weir.localhost` are one site and
 * lead to this machine, so the page moves there where the browser finds them, and stays where it is where not.
 */
export async function isHome(name: string, probe: string): Promise<boolean> {
  const { hostname } = location;
  if (window.parent !== window || !(hostname === 'localhost' || /^127(\.\d+){3}$/.test(hostname)))
    return true;
  const home = new URL(location.href);
  home.hostname = `${name}.weir.localhost`;
  try {
    await fetch(new URL(probe, home), { mode: 'no-cors', signal: AbortSignal.timeout(LONGEST) });
  } catch {
    return true;
  }
  location.replace(home);
  return false;
}
