import type { Person } from './sim';
import type { Words } from './words';

/** What is out of the ordinary about somebody, for who is to be played. */
export function traits(person: Person, words: Words): string[] {
  return [
    ...(person.snapshot ? [words.snapshot] : []),
    ...(person.risky ? [words.risky] : []),
    ...(person.unionid === null ? [words.noUnionid] : []),
  ];
}
