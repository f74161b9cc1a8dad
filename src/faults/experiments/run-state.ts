import type {FaultRecord} from '../fault.ts';
import type {Activity, Experiment} from './experiment.ts';
import {foldEvent, type JournalEvent, type JournalState} from './journal-events.ts';
import type {PreparedLoad, RunnerPorts, RunningLoad} from './ports.ts';

/** What one run of an experiment knows of itself. */
export class Run {
  readonly id: string;
  readonly experiment: Experiment;
  readonly seed: number;
  readonly ports: RunnerPorts;
  /** Unix ms; undefined until the method begins. */
  methodStartedAt: number | undefined;
  readonly loads: RunningLoad[] = [];
  /** Loads of the method that only have to be started. */
  readonly prepared = new Map<Activity, PreparedLoad>();
  /** What was injected, by id, with the activity that did. */
  readonly injected = new Map<string, {readonly activity: string; readonly record: FaultRecord}>();
  /** Faults that this run has ended itself. */
  readonly cleared = new Set<string>();
  /** Until when what was begun lasts, unix ms. */
  readonly windows = new Map<string, number>();
  #state: JournalState | undefined;
  #unwritten: unknown;

  constructor(parts: {
    readonly id: string;
    readonly experiment: Experiment;
    readonly seed: number;
    readonly ports: RunnerPorts;
  }) {
    this.id = parts.id;
    this.experiment = parts.experiment;
    this.seed = parts.seed;
    this.ports = parts.ports;
  }

  /** A run that goes on from what its journal says. */
  static resume(
    state: JournalState,
    {experiment, ports}: {readonly experiment: Experiment | undefined; readonly ports: RunnerPorts},
  ): Run {
    const {id, seed, experiment: document} = state.journal;
    const run = new Run({id, seed, ports, experiment: experiment ?? {...NOTHING, title: document.title, document}});
    run.#state = state;
    run.methodStartedAt = state.journal.start;
    for (const record of state.journal.faults) {
      const by = state.journal.run.find(({fault}) => fault === record.id);
      run.injected.set(record.id, {activity: by?.activity.name ?? '', record});
    }
    return run;
  }

  get state(): JournalState {
    if (this.#state === undefined) throw new Error('the journal has not begun');
    return this.#state;
  }

  /**
   * Settles once the event is in the journal. Once something was done, a journal that cannot be written must not keep it from being healed
   * and rolled back: that is told at the end.
   */
  async write(event: JournalEvent): Promise<void> {
    this.#state = foldEvent(this.#state, event);
    try {
      await this.ports.write(event);
    } catch (error) {
      if (!this.state.begun) throw error;
      this.#unwritten ??= error;
    }
  }

  /** Throws what kept the journal from being written. */
  throwUnwritten(): void {
    if (this.#unwritten !== undefined) throw this.#unwritten;
  }
}

const NOTHING: Omit<Experiment, 'title' | 'document'> = {
  seed: undefined,
  expected: undefined,
  secrets: {},
  hypothesis: undefined,
  method: [],
  rollbacks: [],
  hypothesisStrategy: 'skip',
  hypothesisEveryMs: 1000,
  rollbackStrategy: 'default',
  notes: [],
};
