import type {Evidence} from '../lab.ts';

/** What of the evidence no longer changes once the attack has ended; `faults` where they all have ended too. */
const FIXED_BY_THEN: ReadonlySet<string> = new Set([
  'seed',
  'setup',
  'baseline',
  'baselineRequests',
  'attack',
  'control',
  'times',
  'times.baselineFrom',
  'times.attackFrom',
  'times.attackTo',
]);

/** The evidence, with a record of what of it somebody reads. */
export interface WatchedEvidence {
  readonly evidence: Evidence<unknown, unknown>;
  /** Whether all that was read so far stays as it is after the attack: what was concluded from it does too. */
  isFixed(): boolean;
}

/** Watches reads of the evidence's fields: a judge is a pure function of what it reads. */
export function watchReads(evidence: Evidence<unknown, unknown>): WatchedEvidence {
  const read = new Set<string>();
  const times = watched(evidence.times, name => read.add(`times.${name}`));
  const faultsAreOver = evidence.faults.every(({state}) => state === 'ended');
  return {
    evidence: watched({...evidence, times}, name => read.add(name)),
    isFixed: () => [...read].every(name => FIXED_BY_THEN.has(name) || (name === 'faults' && faultsAreOver)),
  };
}

function watched<T extends object>(target: T, note: (name: string) => void): T {
  return new Proxy(target, {
    get: (object, name, receiver) => {
      note(String(name));
      return Reflect.get(object, name, receiver);
    },
    ownKeys: object => {
      // Whoever copies it may read anything.
      note('*');
      return Reflect.ownKeys(object);
    },
  });
}
