import type {Clock} from '../clock.ts';
import type {KeyValue} from '../key-value.ts';
import type {Logger} from '../logger.ts';

/** What the service has answered since it started: the sign by which settings that are valid and bad show. */
export interface Answers {
  readonly answered: number;
  /** Of those, with a server error (5xx). */
  readonly failed: number;
}

/** What outlives the process, so that it can start without the store. */
export interface Keep {
  /** What was written last; undefined: nothing. Rejects where nothing can be kept. */
  read(): Promise<unknown>;
  write(raw: unknown): Promise<void>;
}

export interface ConfigTools<S> {
  /** What all instances share. Calls reject when it is away, and hang for up to three seconds when it is silent. */
  readonly store: Pick<KeyValue, 'get' | 'create' | 'compareAndSet'>;
  readonly service: string;
  /** This instance. */
  readonly node: string;
  /** What the service goes by when it knows nothing else. */
  readonly defaults: S;
  /** The settings, from what stands in the store. Throws where they cannot be used, with the reason. */
  parse(raw: unknown): S;
  answers(): Answers;
  readonly keep: Keep;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Config<S> {
  /** Valid settings, always. Asked for each request: what changes is in force with the next one. */
  current(): S;
  /** Once, before the first request. It must not wait for the store for long. */
  start?(): Promise<void>;
  stop?(): Promise<void>;
}

/**
 * How an instance gets its settings, and goes over to others while it runs.
 *
 * A module that replaces it exports `createConfig`.
 */
export type CreateConfig = <S>(tools: ConfigTools<S>) => Config<S>;
