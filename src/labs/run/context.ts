import {setTimeout as delay} from 'node:timers/promises';
import {LabError} from '../../errors.ts';
import type {Random} from '../../random.ts';
import type {CheckEvent} from '../check-event.ts';
import type {AnyLab, LabTools} from '../lab.ts';
import type {LabSystem} from '../system.ts';
import type {Judgement} from '../verdict.ts';

/** `check` judges, `quick` looks without being able to pass, `break` shows the attack and judges nothing. */
export type RunMode = 'check' | 'break' | 'quick';

/** What all phases of one run share. */
export interface RunContext {
  readonly lab: AnyLab;
  readonly system: LabSystem;
  readonly seed: number;
  readonly random: Random;
  readonly mode: RunMode;
  /** Where everything that the run saw is kept. */
  readonly folder: string;
  /** Operations start this many times later than the lab says: 2 halves the rates. */
  readonly slowdown: number;
  readonly signal: AbortSignal;
  emit(event: CheckEvent): void;
  /** The lab's tools, with a random stream of its own for each use, so that drawing in one never shifts another. */
  tools(use: string): LabTools;
  /** Awaits what cannot be cancelled; rejects INTERRUPTED as soon as the run is interrupted, while clean-up still waits for it. */
  settled<T>(work: Promise<T>): Promise<T>;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A phase after which there is nothing left to judge: every task gets this judgement. */
export interface Stopped {
  readonly stopped: Judgement;
}

export function isStopped<T extends object>(outcome: T | Stopped): outcome is Stopped {
  return 'stopped' in outcome;
}

export function interrupted(): LabError {
  return new LabError('INTERRUPTED', 'The run was interrupted.');
}

/** Waits `ms`; rejects INTERRUPTED when `signal` aborts. */
export async function sleepUnless(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(Math.max(0, ms), undefined, {signal});
  } catch {
    throw interrupted();
  }
}

/** Settles as `work` does, or rejects INTERRUPTED when `signal` aborts first. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    throw interrupted();
  }
  let giveUp = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(interrupted());
    signal.addEventListener('abort', giveUp, {once: true});
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    aborted.catch(() => {});
  }
}
