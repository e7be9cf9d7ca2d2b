/** What pages on the phone tell it. They may have put it together wrongly, or mean harm. */

export interface Share {
  title: string;
  desc: string;
  link: string;
}

export type Told =
  | { type: 'at'; url: string; title: string; replaced: boolean }
  | { type: 'failed'; url: string | undefined; status: number }
  | { type: 'share'; share: Share }
  | { type: 'close' }
  | { type: 'leaving' }
  | { type: 'preview'; current: string; urls: string[] }
  /** Unless its result is wanted, the phone goes where the code leads. */
  | { type: 'scan'; id: number; isWanted: boolean };

/** Pictures that `wx.previewImage` shows at most. */
const MOST_PICTURES = 50;

/** `null` for what is none of the phone's business. */
export function toldBy(data: unknown): Told | null {
  if (typeof data !== 'object' || data === null) return null;
  const said = data as Record<string, unknown>;
  const url = typeof said.url === 'string' ? said.url : undefined;
  switch (said.type) {
    case 'weir:view':
      if (url === undefined) return null;
      return { type: 'at', url, title: String(said.title ?? ''), replaced: said.replaced === true };
    case 'weir:view-failed':
      return { type: 'failed', url, status: Number(said.status) };
    case 'weir:share': {
      if (typeof said.share !== 'object' || said.share === null) return null;
      const share = said.share as Record<string, unknown>;
      return {
        type: 'share',
        share: { title: text(share.title), desc: text(share.desc), link: text(share.link) },
      };
    }
    case 'weir:close':
      return { type: 'close' };
    case 'weir:leaving':
      return { type: 'leaving' };
    case 'weir:preview': {
      const given = Array.isArray(said.urls) ? said.urls : [];
      const urls = given.filter(isPicture).slice(0, MOST_PICTURES);
      const current = isPicture(said.current) ? said.current : urls[0];
      if (current === undefined) return null;
      return { type: 'preview', current, urls: urls.includes(current) ? urls : [current, ...urls] };
    }
    case 'weir:scan':
      return typeof said.id === 'number'
        ? { type: 'scan', id: said.id, isWanted: said.wanted === true }
        : null;
    default:
      return null;
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

function isPicture(value: unknown): value is string {
  return typeof value === 'string' && /^(https?:\/\/|data:image\/|blob:)/i.test(value);
}
