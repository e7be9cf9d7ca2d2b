import { useEffect, useRef } from 'react';

interface Hearing {
  /** WeChat has taken the title of the customer's page. */
  shared: (title: string) => void;
  /** The phone shows another page. */
  page: () => void;
}

/** Hears the phone, and the page in it, which is another origin: of the simulator, which carries it. */
export function useFromPhone(simulator: string, hearing: Hearing): void {
  const latest = useRef(hearing);
  latest.current = hearing;
  useEffect(() => {
    const { hostname, port } = new URL(simulator);
    const isPhones = (origin: string) => {
      if (!URL.canParse(origin)) return false;
      const from = new URL(origin);
      return from.port === port && (from.hostname === hostname || from.hostname.endsWith('.localhost'));
    };
    const heard = ({ origin, data }: MessageEvent) => {
      if (!isPhones(origin)) return;
      if (data?.type === 'weir:demo-shared') latest.current.shared(String(data.title));
      if (data?.type === 'weir:phone-page') latest.current.page();
    };
    window.addEventListener('message', heard);
    return () => window.removeEventListener('message', heard);
  }, [simulator]);
}
