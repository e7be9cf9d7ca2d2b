/** Reading QR codes from pictures. */

export class NoPicture extends Error {}

/** Longer sides are shrunk: a code that fills a corner of a screenshot can still be read. */
const LONGEST = 2400;
/** Small pictures are enlarged to it: jsQR wants a few points for each module. */
const SHORTEST = 480;

interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>;
}

/** What the code in the picture says, or null when none is found. */
export async function read(file: Blob): Promise<string | null> {
  const picture = await load(file);
  const found = await native(picture);
  if (found !== null) return found;
  for (const size of sizes(picture.naturalWidth, picture.naturalHeight)) {
    const content = await pixels(picture, size);
    if (content !== null) return content;
  }
  return null;
}

export interface Size {
  width: number;
  height: number;
}

/**
 * How large a picture is drawn to be read, one try after another: what is too fine or too noisy to be read as it is, as
 * a photograph of a screen, can often be read when it is smaller. One without a size of its own, as a drawing, gets one.
 */
export function sizes(wide: number, high: number): Size[] {
  const [width, height] = [wide || SHORTEST, high || SHORTEST];
  const most = Math.min(LONGEST / Math.max(width, height), Math.max(1, SHORTEST / Math.min(width, height)));
  const tries = [most, most / 2, most / 4].filter(
    (scale) => scale === most || Math.min(width, height) * scale >= SHORTEST,
  );
  const part = (length: number, scale: number) => Math.max(1, Math.round(length * scale));
  return tries.map((scale) => ({ width: part(width, scale), height: part(height, scale) }));
}

async function load(file: Blob): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    return picture;
  } catch {
    throw new NoPicture();
  } finally {
    URL.revokeObjectURL(picture.src);
  }
}

/** The browser's own reader, where there is one. */
async function native(picture: HTMLImageElement): Promise<string | null> {
  const { BarcodeDetector } = window as { BarcodeDetector?: new (of: { formats: string[] }) => Detector };
  if (!BarcodeDetector) return null;
  // It is there but does not work on some systems: then it is read without.
  const found = await new BarcodeDetector({ formats: ['qr_code'] }).detect(picture).catch(() => []);
  return found[0]?.rawValue ?? null;
}

async function pixels(picture: HTMLImageElement, { width, height }: Size): Promise<string | null> {
  // Half of the page's weight, and many never scan a picture.
  const { default: jsQR } = await import('jsqr');
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  // Transparent pictures of codes are meant for a white page.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  return jsQR(context.getImageData(0, 0, width, height).data, width, height)?.data ?? null;
}

/** The first picture among what was dropped or pasted. */
export function pictureIn(data: { files: ArrayLike<File> } | null): File | null {
  return (
    Array.from(data?.files ?? []).find(({ type }) => type.startsWith('image/')) ?? data?.files[0] ?? null
  );
}
