import type { Client } from 'openapi-fetch';
import type { paths } from './schema';

export type { components, paths } from './schema';

export interface ApiOptions {
  /** Weir's address; the page's own origin when empty. */
  base?: string;
  /** Asked before every call; nothing is sent when it has none. */
  token?: () => string | null | undefined | Promise<string | null | undefined>;
  fetch?: (request: Request) => Promise<Response>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Typed as openapi-fetch does it, whose own code is large for parameters that Weir has none of (decision 0040). */
export type Api = Pick<Client<paths>, Method>;

type Values = Record<string, unknown>;

interface Options extends Omit<RequestInit, 'body' | 'headers' | 'method'> {
  params?: { path?: Values; query?: Values; header?: Values };
  body?: unknown;
  parseAs?: string;
}

const given = (values: Values = {}) =>
  Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  );

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A client of every path in `api/openapi.json`. A call that names its own `Authorization` keeps it. */
export function createApi({ base = '', token, fetch }: ApiOptions = {}): Api {
  const by =
    (method: Method) =>
    async (path: string, { params = {}, body, parseAs, ...options }: Options = {}) => {
      const place = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params.path?.[name])));
      const query = given(params.query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      const headers = new Headers(given(params.header));
      const bearer = headers.has('Authorization') ? null : await token?.();
      if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
      if (body !== undefined) headers.set('Content-Type', 'application/json');
      const address = base + place + (query.length > 0 ? `?${query.join('&')}` : '');
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const request = new Request(address, { ...options, ...sent, method, headers });
      const response = await (fetch ?? globalThis.fetch)(request);
      if (response.ok && parseAs === 'stream') return { data: response.body, response };
      const text = await response.text();
      if (!response.ok) return { error: asJson(text), response };
      return { data: text === '' ? undefined : JSON.parse(text), response };
    };
  const api: Record<Method, unknown> = {
    GET: by('GET'),
    POST: by('POST'),
    PUT: by('PUT'),
    PATCH: by('PATCH'),
    DELETE: by('DELETE'),
  };
  return api as Api;
}

/** The reason in a refusal of any family; each has its own envelope. */
export function reason(refusal: unknown): string | undefined {
  if (typeof refusal !== 'object' || refusal === null) return undefined;
  const { message, msg, detail } = refusal as Record<string, unknown>;
  return [message, msg, detail].find((text): text is string => typeof text === 'string' && text !== '');
}
