import type {Random} from '../../random.ts';
import type {ToxicAttributes, ToxicKind} from '../fabric.ts';
import type {ReplyFilter} from '../http/observer.ts';
import type {Lane} from '../lane.ts';

/** What an attribute may be. */
export type AttributeSchema =
  | {
      readonly type: 'number';
      readonly min: number;
      readonly max: number;
      readonly default: number;
      readonly unit: 'ms' | 'share';
      readonly meaning: string;
    }
  | {readonly type: 'choice'; readonly values: readonly string[]; readonly default: string; readonly meaning: string}
  | {readonly type: 'match'; readonly meaning: string};

/** The connection that a toxic is put on. */
export interface ToxicHost {
  /** Its place among all: proxy and connection number, or probe number. Draws are derived from it. */
  readonly proxy: string;
  readonly key: string;
  /** The lanes that a toxic's `stream` names, each with its name. */
  lanes(): readonly {readonly name: 'upstream' | 'downstream'; readonly lane: Lane}[];
  /** RST to both ends. */
  reset(): void;
  /** HTTP links only. Returns what takes the filter off again. */
  filterReplies(filter: ReplyFilter): () => void;
}

/** A toxic in force, as its kind sees it. */
export interface ToxicInForce {
  readonly attributes: ToxicAttributes;
  /** A stream of draws of its own for each name: derived from the toxic's seed, and from nothing that other toxics do. */
  random(name: string): Random;
  /** The same, but one stream for all that ask for this name while the toxic is in force. */
  sharedRandom(name: string): Random;
  /** It has delayed, held, reset or dropped something. */
  acted(): void;
}

/** A kind of toxic: what it takes, and what it does to a connection. One file each. */
export interface ToxicDefinition {
  readonly kind: ToxicKind;
  readonly attributes: Readonly<Record<string, AttributeSchema>>;
  /** It needs to read HTTP. */
  readonly httpOnly?: true;
  /** While it is in force the listener is closed. Such a toxic is there or not: it has no toxicity. */
  readonly closesListener?: true;
  /** Puts it on a connection, new or old; returns what takes it off again without losing a byte. */
  attach(host: ToxicHost, toxic: ToxicInForce): () => void;
}
