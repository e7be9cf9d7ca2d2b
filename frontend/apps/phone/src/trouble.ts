import type { Down, NoViews, Refused } from './sim';
import { host } from './visited';
import type { Words } from './words';

/** Why a page is not shown, for somebody who wants to see it. */
export function explain(failure: Down | NoViews | Refused, url: string, words: Words): string {
  if (failure.name === 'Down') return words.down;
  if (failure.name === 'NoViews') return words.noViews;
  const { status, message } = failure as Refused;
  if (status === 403) return words.foreign;
  if (status === 502 || status === 504) return words.unreached(host(url));
  return message || `HTTP ${status}`;
}
