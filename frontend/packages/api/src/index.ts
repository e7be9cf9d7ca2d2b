import createClient, { type Client } from 'openapi-fetch';
import type { paths } from './schema';

export type { components, paths } from './schema';

export interface ApiOptions {
  /** Weir's address; the page's own origin when empty. */
  base?: string;
  /** Asked before every call; nothing is sent when it has none. */
  token?: () => string | null | undefined | Promise<string | null | undefined>;
  fetch?: (request: Request) => Promise<Response>;
}

export type Api = Client<paths>;

/** A client of every path in `api/openapi.json`. A call that names its own `Authorization` keeps it. */
export function createApi({ base = '', token, fetch }: ApiOptions = {}): Api {
  const api = createClient<paths>({ baseUrl: base, ...(fetch && { fetch }) });
  api.use({
    async onRequest({ request }) {
      const bearer = request.headers.has('Authorization') ? null : await token?.();
      if (bearer) request.headers.set('Authorization', `Bearer ${bearer}`);
      return request;
    },
  });
  return api;
}

/** The reason in a refusal of any family; each has its own envelope. */
export function reason(refusal: unknown): string | undefined {
  if (typeof refusal !== 'object' || refusal === null) return undefined;
  const { message, msg, detail } = refusal as Record<string, unknown>;
  return [message, msg, detail].find((text): text is string => typeof text === 'string' && text !== '');
}
