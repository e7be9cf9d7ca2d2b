import jsQR from 'jsqr';
import { type RefObject, useEffect, useState } from 'react';

/** A code that is over is shown, but leads nowhere. */
const picture = (within: HTMLElement | null) =>
  within?.querySelector<HTMLImageElement>('[data-status]:not([data-status=expired]) img.weir-image');

/** Whether a QR code that can be scanned is to be seen within an element. */
export function useCode(within: RefObject<HTMLElement | null>): boolean {
  const [isThere, setThere] = useState(false);
  useEffect(() => {
    const element = within.current;
    if (!element) return;
    const look = () => setThere(Boolean(picture(element)));
    const watch = new MutationObserver(look);
    watch.observe(element, { childList: true, subtree: true, attributeFilter: ['data-status'] });
    look();
    return () => watch.disconnect();
  }, [within]);
  return isThere;
}

/** What the QR code within an element says: read from its picture, as a camera does. */
export function readCode(within: HTMLElement | null): string | undefined {
  const image = picture(within);
  const { naturalWidth: width = 0, naturalHeight: height = 0 } = image ?? {};
  if (!image || width === 0) return undefined;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  context.drawImage(image, 0, 0);
  return jsQR(context.getImageData(0, 0, width, height).data, width, height)?.data;
}
