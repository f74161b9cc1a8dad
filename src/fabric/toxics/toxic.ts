import type {Random} from '../../random.ts';
import type {ToxicAttributes, ToxicKind} from '../fabric.ts';
import type {ReplyFilter, RequestFilter} from '../http/observer.ts';
import type {LaneName, MakeStage, Placed} from '../lane.ts';

/** What an attribute may be. */
export type AttributeSchema =
  | {
      readonly type: 'number';
      readonly min: number;
      readonly max: number;
      readonly default: number;
      /** Only whole numbers, as in Toxiproxy. */
      readonly integer?: true;
      /** 1 KB is 1000 B. Absent: a number of its own, such as an HTTP status. */
      readonly unit?: 'ms' | 'us' | 'share' | 'B' | 'KB/s';
      readonly meaning: string;
    }
  | {readonly type: 'choice'; readonly values: readonly string[]; readonly default: string; readonly meaning: string}
  | {readonly type: 'match'; readonly meaning: string};

const TIME_MAX_MS = 600_000;

/** A time in whole ms, from 0 (the default) to ten minutes. */
export function wholeMs(meaning: string): AttributeSchema {
  return {type: 'number', min: 0, max: TIME_MAX_MS, default: 0, integer: true, unit: 'ms', meaning};
}

/** The connection that a toxic is put on. */
export interface ToxicHost {
  /** Its place among all: proxy and connection number, or probe number. Draws are derived from it. */
  readonly proxy: string;
  readonly key: string;
  /** The lanes that the toxic's `stream` names. */
  readonly lanes: readonly LaneName[];
  /** Puts a stage on one of the lanes, at the toxic's place. */
  add(lane: LaneName, make: MakeStage): Placed;
  /** Whether the upstream has yet to be connected to. */
  readonly opening: boolean;
  /** RST to both ends. */
  reset(): void;
  /** Closes both ends as when their process ends: FIN, or RST for a side that is still sending. What was not written yet is lost. */
  cut(): void;
  /** HTTP links only. Returns what takes the filter off again. */
  filterReplies(filter: ReplyFilter): () => void;
  /** HTTP links only: answers requests in the upstream's place. Returns what takes the filter off again. */
  filterRequests(filter: RequestFilter): () => void;
}

/** A toxic in force, as its kind sees it. */
export interface ToxicInForce {
  readonly id: string;
  readonly attributes: ToxicAttributes;
  /** A stream of draws of its own for each name: derived from the toxic's seed, and from nothing that other toxics do. */
  random(name: string): Random;
  /** The same, but one stream for all that ask for this name while the toxic is in force. */
  sharedRandom(name: string): Random;
  /** Counts one more under this name, for all that ask while its attributes stay as they are, unless there were so many already: then it is false. 0 times: it always is true. */
  countsUpTo(times: number, name: string): boolean;
  /** It has delayed, held, reset or dropped something. */
  acted(): void;
}

/** Takes a toxic off a connection. `updated`: it goes on at once, with other attributes. */
export type Detach = (why: 'removed' | 'updated') => void;

/** A kind of toxic: what it takes, and what it does to a connection. One file each. */
export interface ToxicDefinition {
  readonly kind: ToxicKind;
  readonly attributes: Readonly<Record<string, AttributeSchema>>;
  /** It needs to read HTTP. */
  readonly httpOnly?: true;
  /** While it is in force the listener is closed. Such a toxic is there or not: it has no toxicity. */
  readonly closesListener?: true;
  /** What is wrong with attributes that are right one by one, as a clause that begins with the name of one; undefined: nothing. */
  contradiction?(attributes: ToxicAttributes): string | undefined;
  /** Puts it on a connection, new or old; returns what takes it off again without losing a byte. */
  attach(host: ToxicHost, toxic: ToxicInForce): Detach;
}

/** Puts a stage on each of the lanes that a toxic's `stream` names. Returns what takes them off again. */
export function onLanes(host: ToxicHost, make: MakeStage): () => void {
  const placed = host.lanes.map(name => host.add(name, make));
  return () => {
    for (const one of placed) one.remove();
  };
}
