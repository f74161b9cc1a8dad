import type {Activity, Experiment, Provider} from './experiment.ts';
import {readDuration} from './quantities.ts';

/** When an activity of the method begins, and until when what it does lasts, ms after the method began. */
export interface Planned {
  readonly activity: Activity;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The method as it is meant to go; requests and programs, whose time nobody knows before, count as nothing. */
export function timeline({method}: Pick<Experiment, 'method'>): readonly Planned[] {
  let cursor = 0;
  return method.map(activity => {
    const {pauses, provider, atMs} = activity;
    const fromMs = (atMs ?? cursor) + pauses.beforeMs;
    if (atMs === undefined && !activity.background) cursor = fromMs + pauses.afterMs;
    return {activity, fromMs, untilMs: fromMs + Math.max(lastsMs(provider), pauses.afterMs)};
  });
}

/** How long the method takes at least, ms. */
export function methodMs(experiment: Pick<Experiment, 'method'>): number {
  return Math.max(0, ...timeline(experiment).map(({untilMs}) => untilMs));
}

/** A restart is over when the node is ready again; a crash with `restart-after` no later than that. */
function lastsMs(provider: Provider): number {
  if (provider.type !== 'teralab') return 0;
  if (provider.does === 'load') return provider.forMs;
  if (provider.does !== 'fault' || provider.kind === 'restart') return 0;
  const after = readDuration(provider.attributes['restart-after'], 1);
  return Math.min(provider.forMs, after ?? provider.forMs);
}
