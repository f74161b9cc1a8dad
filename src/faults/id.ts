import {randomInt} from 'node:crypto';

/** Without what is easily taken for something else (0 o, 1 i l). */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';

/** A short name to type, like `f-3k9`; longer once many are taken. */
export function drawId(isTaken: (id: string) => boolean): string {
  for (let tries = 0; ; tries++) {
    const length = 3 + Math.floor(tries / 20);
    const id = `f-${Array.from({length}, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
    if (!isTaken(id)) return id;
  }
}
