import { useHearing } from '../../../shared/useHearing';

interface Hearing {
  /** WeChat has taken the title of the customer's page. */
  shared: (title: string) => void;
  /** The phone shows another page. */
  page: () => void;
}

/** Hears the phone, and the page in it, which is another origin: of the simulator, which carries it. */
export function useFromPhone(simulator: string, { shared, page }: Hearing): void {
  useHearing(({ origin, data }) => {
    if (!isPhones(origin, new URL(simulator))) return;
    if (data?.type === 'weir:demo-shared') shared(String(data.title));
    if (data?.type === 'weir:phone-page') page();
  });
}

function isPhones(origin: string, { hostname, port }: URL): boolean {
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  return from.port === port && (from.hostname === hostname || from.hostname.endsWith('.localhost'));
}
