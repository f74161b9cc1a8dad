/** A fault of the method as shrinking sees it: what can be made smaller of it. */
export interface Shrinkable {
  /** Where it stands in the method. */
  readonly index: number;
  readonly forMs: number;
  /** Attributes that are the less the nearer they are to 0. */
  readonly magnitudes: Readonly<Record<string, number>>;
}

/** The faults that are kept, and how large. */
export type Candidate = readonly Shrinkable[];

export interface ShrinkOptions {
  /** Most candidates that are tried. */
  readonly runsMax: number;
  /** Told of each candidate that was tried. */
  readonly onTried?: (candidate: Candidate, fails: boolean, runs: number) => void;
}

export interface Shrunk {
  /** The smallest candidate that was seen to fail. */
  readonly smallest: Candidate;
  readonly runs: number;
  /** Nothing smaller was left to try; false: the runs were used up. */
  readonly isMinimal: boolean;
}

/** Shorter windows say nothing: a fault takes a moment to be felt, ms. */
export const WINDOW_MIN_MS = 500;
/** A magnitude is halved no further than to this share of what it was. */
const SHARE_MIN = 1 / 64;

/**
 * Reduces what fails to the fewest faults that still fail (delta debugging: Zeller and Hildebrandt, 2002), then halves their windows, then
 * their magnitudes, for as long as it goes on failing. `start` is known to fail.
 */
export async function shrink(
  start: Candidate,
  fails: (candidate: Candidate) => Promise<boolean>,
  {runsMax, onTried}: ShrinkOptions,
): Promise<Shrunk> {
  let runs = 0;
  let isUsedUp = false;
  const known = new Map<string, boolean>([[JSON.stringify(start), true]]);
  const tryOnce = async (candidate: Candidate): Promise<boolean> => {
    const key = JSON.stringify(candidate);
    const before = known.get(key);
    if (before !== undefined) return before;
    if (runs >= runsMax) {
      isUsedUp = true;
      return false;
    }
    runs++;
    const result = await fails(candidate);
    known.set(key, result);
    onTried?.(candidate, result, runs);
    return result;
  };
  const fewest = await fewestFaults(start, tryOnce);
  const shortest = await halved(fewest, windowsOf, tryOnce);
  const smallest = await halved(shortest, magnitudesOf(start), tryOnce);
  return {smallest, runs, isMinimal: !isUsedUp};
}

type Try = (candidate: Candidate) => Promise<boolean>;

/** ddmin: takes away parts, and parts of what is left, until no single fault can be spared. */
async function fewestFaults(start: Candidate, fails: Try): Promise<Candidate> {
  if (start.length > 0 && (await fails([]))) return [];
  let kept = start;
  let parts = 2;
  while (kept.length >= 2) {
    const chunks = split(kept, Math.min(parts, kept.length));
    const alone = await firstFailing(chunks, fails);
    if (alone !== undefined) {
      kept = alone;
      parts = 2;
      continue;
    }
    const without = await firstFailing(
      chunks.map(chunk => kept.filter(fault => !chunk.includes(fault))),
      fails,
    );
    if (without !== undefined) {
      kept = without;
      parts = Math.max(2, parts - 1);
    } else if (parts >= kept.length) return kept;
    else parts = Math.min(kept.length, parts * 2);
  }
  return kept;
}

async function firstFailing(candidates: readonly Candidate[], fails: Try): Promise<Candidate | undefined> {
  for (const candidate of candidates) if (candidate.length > 0 && (await fails(candidate))) return candidate;
  return undefined;
}

function split(faults: Candidate, parts: number): readonly Candidate[] {
  return Array.from({length: parts}, (_, part) =>
    faults.slice(Math.floor((part * faults.length) / parts), Math.floor(((part + 1) * faults.length) / parts)),
  );
}

/** One figure of one fault: a smaller one, or undefined where it is small enough. */
type Halvings = (fault: Shrinkable) => readonly ((fault: Shrinkable) => Shrinkable | undefined)[];

/** Halves each figure of each fault for as long as it still fails; again from the first, until nothing gives way. */
async function halved(start: Candidate, halvings: Halvings, fails: Try): Promise<Candidate> {
  let current = start;
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const {index} of current) {
      const at = current.findIndex(fault => fault.index === index);
      const steps = halvings(current[at] as Shrinkable);
      for (const step of steps) {
        for (;;) {
          const smaller = step(current[at] as Shrinkable);
          if (smaller === undefined) break;
          const candidate = current.map((fault, position) => (position === at ? smaller : fault));
          if (!(await fails(candidate))) break;
          current = candidate;
          hasChanged = true;
        }
      }
    }
  }
  return current;
}

const windowsOf: Halvings = () => [
  fault => {
    const forMs = Math.round(fault.forMs / 2);
    return forMs < WINDOW_MIN_MS ? undefined : {...fault, forMs};
  },
];

function magnitudesOf(start: Candidate): Halvings {
  const first = new Map(start.map(fault => [fault.index, fault.magnitudes]));
  return ({index, magnitudes}) =>
    Object.keys(magnitudes).map(name => fault => {
      const value = fault.magnitudes[name] ?? 0;
      const was = first.get(index)?.[name] ?? 0;
      const half = halfOf(value, was);
      return half === undefined ? undefined : {...fault, magnitudes: {...fault.magnitudes, [name]: half}};
    });
}

/** Whole numbers stay whole. */
function halfOf(value: number, was: number): number | undefined {
  const half = Number.isInteger(was) ? Math.trunc(value / 2) : Number((value / 2).toPrecision(3));
  return half === 0 || half === value || Math.abs(half) < Math.abs(was) * SHARE_MIN ? undefined : half;
}
