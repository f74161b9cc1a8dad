import type {Limit} from './seams/limits.ts';
import type {SplitRule} from './seams/traffic-split.ts';

/** What can be changed of a gateway while it runs. */
export interface GatewaySettings {
  /** Of each client. */
  readonly limit: Limit;
  /** No upstream is waited for longer than this, ms; undefined: for as long as its policy says. */
  readonly upstreamWithinMs?: number;
  /** Releases that are tried out, by service. */
  readonly split?: Readonly<Record<string, SplitRule>>;
}

const FIELDS = ['limit', 'upstreamWithinMs', 'split'];
const BOUNDS = {
  share: [0, 1],
  ratePerSecond: [0.001, 1_000_000],
  burst: [1, 1_000_000],
  upstreamWithinMs: [1, 60_000],
} as const;

/** Reads settings; what is left out is as in `defaults`. Throws a RangeError that names what is wrong. */
export function parseSettings(raw: unknown, defaults: GatewaySettings): GatewaySettings {
  const {limit: rawLimit, upstreamWithinMs, split: rawSplit} = objectOf('the settings', raw, FIELDS);
  const limit = rawLimit === undefined ? undefined : objectOf('limit', rawLimit, ['ratePerSecond', 'burst']);
  const split = rawSplit === undefined ? defaults.split : splitOf(rawSplit);
  const withinMs = upstreamWithinMs ?? defaults.upstreamWithinMs;
  return {
    limit: {
      ratePerSecond: numberOf('ratePerSecond', limit?.ratePerSecond ?? defaults.limit.ratePerSecond),
      burst: numberOf('burst', limit?.burst ?? defaults.limit.burst),
    },
    ...(withinMs === undefined ? {} : {upstreamWithinMs: numberOf('upstreamWithinMs', withinMs)}),
    ...(split === undefined ? {} : {split}),
  };
}

function splitOf(raw: unknown): Readonly<Record<string, SplitRule>> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new RangeError('split must be an object');
  const rules = Object.entries(raw).map(([service, rawRule]) => {
    const {release, share} = objectOf(`split.${service}`, rawRule, ['release', 'share']);
    if (typeof release !== 'string' || release === '') throw new RangeError(`split.${service}.release must be a name`);
    return [service, {release, share: numberOf('share', share)}] as const;
  });
  return Object.fromEntries(rules);
}

function objectOf(name: string, raw: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new RangeError(`${name} must be an object`);
  const unknown = Object.keys(raw).find(field => !fields.includes(field));
  if (unknown !== undefined) throw new RangeError(`${name} must have no ${unknown}; there are ${fields.join(', ')}`);
  return raw as Readonly<Record<string, unknown>>;
}

function numberOf(name: keyof typeof BOUNDS, raw: unknown): number {
  const [least, most] = BOUNDS[name];
  if (typeof raw !== 'number' || !(raw >= least && raw <= most))
    throw new RangeError(`${name} must be a number from ${least} to ${most}`);
  return raw;
}
