import {checkRequest} from '../check-request.ts';
import type {Experiment} from './experiment.ts';
import {isRecord} from './mistakes.ts';
import {writeDuration} from './quantities.ts';
import type {Candidate, Shrinkable} from './shrink.ts';

/** Attributes of faults that do less the nearer they are to 0. */
const MAGNITUDES = ['latency', 'jitter', 'delay', 'toxicity', 'probability', 'loss', 'offset', 'drift'];

/** The faults of an experiment's method, with what can be made smaller of them. */
export function shrinkables({method}: Pick<Experiment, 'method'>): Candidate {
  return method.flatMap(({provider}, index): readonly Shrinkable[] => {
    if (provider.type !== 'teralab' || provider.does !== 'fault') return [];
    const {kind, target, attributes: given, forMs} = provider;
    const {attributes} = checkRequest({kind, target, attributes: given, forMs, seed: 0, reason: 'shrink'});
    const magnitudes = MAGNITUDES.flatMap(name => {
      const value = attributes[name];
      const isGiven = Object.keys(given).some(key => key.replaceAll('_', '-') === name);
      return isGiven && typeof value === 'number' && value !== 0 ? [[name, value] as const] : [];
    });
    return [{index, forMs, magnitudes: Object.fromEntries(magnitudes)}];
  });
}

/** The experiment's document with only these faults, as large as they are here; all that is no fault stays. What clears a fault that went goes too. */
export function withFaults(
  document: Readonly<Record<string, unknown>>,
  experiment: Pick<Experiment, 'method'>,
  candidate: Candidate,
): Record<string, unknown> {
  const faults = new Set(shrinkables(experiment).map(({index}) => index));
  const kept = new Map(candidate.map(fault => [fault.index, fault]));
  const names = new Set(
    experiment.method.filter((_, index) => !faults.has(index) || kept.has(index)).map(({name}) => name),
  );
  const stays = (index: number): boolean => {
    const provider = experiment.method[index]?.provider;
    if (provider?.type === 'teralab' && provider.does === 'clear' && provider.what !== undefined)
      return names.has(provider.what);
    return !faults.has(index) || kept.has(index);
  };
  const method = Array.isArray(document.method) ? document.method : [];
  return {
    ...document,
    method: method.flatMap((activity: unknown, index) => {
      const fault = kept.get(index);
      if (!stays(index)) return [];
      return [fault === undefined ? activity : resized(activity, fault)];
    }),
  };
}

/** Times without a unit are ms, as the catalogue reads them. */
function resized(activity: unknown, {forMs, magnitudes}: Shrinkable): unknown {
  if (!isRecord(activity) || !isRecord(activity.provider)) return activity;
  const {for: _, ...rest} = activity;
  const kept = Object.entries(activity.provider).filter(
    ([name]) => name !== 'for' && !Object.hasOwn(magnitudes, name.replaceAll('_', '-')),
  );
  const provider = {...Object.fromEntries(kept), ...magnitudes, for: writeDuration(forMs)};
  return {...rest, provider};
}
