/** Letters that are written from right to left would carry what stands around them along. */
const LEFTWARDS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

/** A name as it may stand in a sentence of another direction. */
export function apart(name: string): string {
  return LEFTWARDS.test(name) ? `\u2068${name}\u2069` : name;
}

/** What a reader takes for one letter: a flag or a family is one. */
export function firstLetter(name: string): string {
  const letters = new Intl.Segmenter().segment(name.trim())[Symbol.iterator]();
  return (letters.next().value?.segment ?? '').toUpperCase();
}
