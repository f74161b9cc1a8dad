const KEY_LENGTH_MAX = 200;

/** Throws a TypeError for a key that no adapter takes. */
export function checkKey(key: string): void {
  if (key !== '' && key.length <= KEY_LENGTH_MAX && !key.includes('\0') && Buffer.from(key).toString() === key) return;
  throw new TypeError(`A key must be text of 1 to ${KEY_LENGTH_MAX} characters without NUL.`);
}

/** The order in which keys are listed. */
export function byKey(one: {readonly key: string}, other: {readonly key: string}): number {
  return one.key < other.key ? -1 : 1;
}
