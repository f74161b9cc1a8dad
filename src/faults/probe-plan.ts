import type {ProbeLook, ToxicAttributes} from '../fabric/fabric.ts';
import type {FaultKind} from './fault.ts';

const PROXIES_MAX = 3;
const SILENCE_MS = 300;
/** Delays are waited for up to this; what takes longer has shown by then. */
const DELAY_MAX_MS = 5_000;
/** Connections are watched up to this for being cut; well below the time after which servers close idle ones themselves. */
const LIFE_MAX_MS = 1_000;
/** A load is no larger than this. */
export const LOAD_MAX_BYTES = 1_000_000;
/** A load takes about so long. */
const LOAD_MS = 400;
const LOAD_MIN_BYTES = 1_000;
const SLICES_MAX = 32;

export interface ProbePlan {
  readonly proxies: readonly string[];
  /** Per proxy. */
  readonly count: number;
  readonly timeoutMs: number;
  /** What is timed; absent: the answer. */
  readonly look?: ProbeLook;
}

/** Which proxies to probe for a fault, what to look at, how often, and how long to wait for an answer that it delays. */
export function probePlan(kind: FaultKind, attributes: ToxicAttributes, proxies: readonly string[]): ProbePlan {
  const sample = spread(proxies, PROXIES_MAX);
  const look = lookAt(kind, attributes);
  const count = look?.at === 'load' ? 1 : sample.length > 1 ? 3 : 5;
  const timeoutMs = SILENCE_MS + Math.min(DELAY_MAX_MS, delayMs(kind, attributes, look));
  return {proxies: sample, count, timeoutMs, ...(look === undefined ? {} : {look})};
}

/** How much later than usual a probe may be through. */
function delayMs(kind: FaultKind, attributes: ToxicAttributes, look: ProbeLook | undefined): number {
  switch (kind) {
    case 'latency':
      return 2 * Number(attributes.latency) + 4 * Number(attributes.jitter);
    case 'slow-open':
    case 'slow-close':
      return 2 * Number(attributes.delay);
    case 'bandwidth':
      return look?.at === 'load' ? (2 * look.bytes) / Math.max(1, Number(attributes.rate)) : 0;
    case 'slice':
      return 2 * LOAD_MS;
    default:
      return 0;
  }
}

/** What shows the effect of a fault; undefined: the answer to a small question. */
function lookAt(kind: FaultKind, attributes: ToxicAttributes): ProbeLook | undefined {
  switch (kind) {
    case 'slow-close':
      return {at: 'closing'};
    case 'cutoff':
      return watched(Number(attributes.after));
    case 'reset':
      return Number(attributes.timeout) === 0 ? undefined : watched(Number(attributes.timeout));
    case 'bandwidth':
      return {at: 'load', bytes: within(LOAD_MIN_BYTES, Number(attributes.rate) * LOAD_MS)};
    case 'slice': {
      const slices = within(2, LOAD_MS / Math.max(1, Number(attributes.delay) / 1000), SLICES_MAX);
      return {at: 'load', bytes: within(2, slices * Number(attributes['average-size']))};
    }
    case 'limit': {
      const bytes = Number(attributes.bytes) + LOAD_MIN_BYTES;
      return bytes > LOAD_MAX_BYTES ? undefined : {at: 'load', bytes};
    }
    default:
      return undefined;
  }
}

/** A connection that is cut later than that is not waited for. */
function watched(afterMs: number): ProbeLook | undefined {
  return afterMs > LIFE_MAX_MS ? undefined : {at: 'life', forMs: afterMs + SILENCE_MS};
}

function within(min: number, value: number, max: number = LOAD_MAX_BYTES): number {
  return Math.round(Math.min(max, Math.max(min, value)));
}

/** First, last and what lies evenly between, at most `max`. */
function spread(names: readonly string[], max: number): readonly string[] {
  if (names.length <= max) return names;
  return Array.from({length: max}, (_, index) => names[Math.round((index * (names.length - 1)) / (max - 1))] ?? '');
}
