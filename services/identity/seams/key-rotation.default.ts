import type {CreateKeyRotation, StoredKey} from './key-rotation.ts';

/**
 * A key signs only after it was published for this long: by then every verifier can have it. A verifier that meets an unknown key asks
 * again 5 s after it last asked, within 1.5 s, and what it is told is at most a second old.
 */
const PUBLISHED_BEFORE_S = 10;
/**
 * How long a retired key stays published: until the last token that it signed has expired (15 minutes), and a little more for clocks
 * that differ. Not longer: whoever got hold of it could make new tokens with it.
 */
const PREVIOUS_FOR_S = 1_200;

/**
 * Next becomes Current, Current becomes Previous, and there is a new Next; not while that would make a good token bad, which is when Next is
 * not known everywhere yet, or tokens that Previous signed have not expired. With a compromised key nothing is waited for.
 */
export const createKeyRotation: CreateKeyRotation = () => ({
  isPublished: ({retiredAgo}) => retiredAgo === null || retiredAgo < PREVIOUS_FOR_S,
  rotate(keys, {compromised}) {
    const next = keys.find(isNext);
    const waitSeconds = compromised ? 0 : Math.ceil(Math.max(0, ...keys.map(waitFor)));
    if (waitSeconds > 0) return {waitSeconds};
    const withdraw = compromised ? keys.filter(key => !isNext(key)).map(({kid}) => kid) : [];
    return {sign: next?.kid ?? 'new', withdraw, makeNext: true};
  },
});

function waitFor(key: StoredKey): number {
  if (isNext(key)) return PUBLISHED_BEFORE_S - key.madeAgo;
  return key.retiredAgo === null ? 0 : PREVIOUS_FOR_S - key.retiredAgo;
}

function isNext({activatedAgo, retiredAgo}: StoredKey): boolean {
  return activatedAgo === null && retiredAgo === null;
}
