import { useEffect, useState } from 'react';

/**
 * How long a code is still good; `null` while that is not known. Reckoned from the server's own two times, because
 * clocks of browsers are wrong by hours.
 */
export function useSecondsLeft(id: string, expiresAt: string, createdAt: string | undefined): number | null {
  const [shown, setShown] = useState<{ id: string; at: number; now: number }>();

  useEffect(() => {
    const at = Date.now();
    setShown({ id, at, now: at });
    const timer = setInterval(() => setShown({ id, at, now: Date.now() }), 1_000);
    return () => clearInterval(timer);
  }, [id]);

  if (shown?.id !== id || createdAt === undefined) return null;
  // A clock that is set back gives no more time than there is.
  const gone = Math.max(0, shown.now - shown.at);
  const left = Date.parse(expiresAt) - Date.parse(createdAt) - gone;
  return Number.isFinite(left) ? Math.max(0, Math.ceil(left / 1_000)) : null;
}
