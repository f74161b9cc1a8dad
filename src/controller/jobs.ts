import {LabError} from '../errors.ts';
import type {Phase} from './protocol.ts';

export type JobWork<T> = (signal: AbortSignal, setPhase: (phase: Phase) => void) => Promise<T>;

interface Job {
  readonly lab: string;
  phase: Phase;
  readonly abort: AbortController;
  readonly done: Promise<unknown>;
}

/** Checks and loads; one at a time, since they share the system. */
export class Jobs {
  #job: Job | undefined;

  /** What is under way, and how far it is. */
  get current(): {readonly lab: string; readonly phase: Phase} | undefined {
    return this.#job && {lab: this.#job.lab, phase: this.#job.phase};
  }

  /** Runs one alone; rejects with BUSY while another one is there, and with the reason for which it was aborted. */
  async alone<T>(lab: string, signal: AbortSignal, work: JobWork<T>): Promise<T> {
    if (this.#job !== undefined)
      throw new LabError('BUSY', `${this.#job.lab} is being run on this system already (${this.#job.phase}).`);
    const abort = new AbortController();
    const both = AbortSignal.any([signal, abort.signal]);
    const run = work(both, phase => {
      if (this.#job !== undefined) this.#job.phase = phase;
    });
    this.#job = {lab, phase: 'prepare', abort, done: run.catch(() => undefined)};
    try {
      return await run;
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      this.#job = undefined;
    }
  }

  /** Aborts what is under way, and settles when that has ended. */
  async abort(reason: LabError): Promise<void> {
    this.#job?.abort.abort(reason);
    await this.#job?.done;
  }
}
