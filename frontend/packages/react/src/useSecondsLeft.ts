import { useEffect, useState } from 'react';

/**
 * How long a code is still good; `null` when that cannot be known. Reckoned from the server's own two times, because
 * clocks of browsers are wrong by minutes; or by the browser's where the server tells one only.
 */
export function useSecondsLeft(
  id: string | undefined,
  expiresAt?: string,
  createdAt?: string,
): number | null {
  const [shown, setShown] = useState<{ id: string | undefined; at: number; now: number }>();

  useEffect(() => {
    const at = Date.now();
    setShown({ id, at, now: at });
    if (id === undefined) return;
    const timer = setInterval(() => setShown({ id, at, now: Date.now() }), 1_000);
    return () => clearInterval(timer);
  }, [id]);

  if (id === undefined || shown?.id !== id || !expiresAt) return null;
  const start = createdAt ? Date.parse(createdAt) : shown.at;
  const left = Date.parse(expiresAt) - start - (shown.now - shown.at);
  return Number.isFinite(left) ? Math.max(0, Math.ceil(left / 1_000)) : null;
}
