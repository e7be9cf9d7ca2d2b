import { useEffect, useRef } from 'react';

/** Told when the page in the frame leads somewhere else than to a view: the policy of the phone's page stops it there. */
export function useBlocked(told: (address: string) => void): void {
  const latest = useRef(told);
  latest.current = told;
  useEffect(() => {
    const heard = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent) => {
      if (effectiveDirective === 'frame-src') latest.current(blockedURI);
    };
    document.addEventListener('securitypolicyviolation', heard);
    return () => document.removeEventListener('securitypolicyviolation', heard);
  }, []);
}
