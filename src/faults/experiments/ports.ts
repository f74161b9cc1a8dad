import type {LedgerEntry} from '../../load/load.ts';
import type {FaultRecord, FaultRequest} from '../fault.ts';
import type {HttpProvider, LabProbe, ProcessProvider} from './experiment.ts';
import type {JournalEvent} from './journal-events.ts';

/** A load that a run has started. */
export interface RunningLoad {
  /** Every decided operation, one JSON object a line. */
  readonly ledgerFile: string;
  /** Settles when the last operation is decided; rejects when it was cut short. */
  readonly done: Promise<void>;
}

/** One whose accounts are opened, so that it begins at once when it is told to. */
export interface PreparedLoad {
  start(): Promise<RunningLoad>;
}

export interface LoadOrder {
  readonly profile: string;
  readonly ratePerSecond: number;
  readonly durationMs: number;
  readonly retries: number;
  /** Before a client sends again, ms. */
  readonly backoffMs: number;
  /** How long each send is waited for, ms; absent: as long as the client has patience. */
  readonly timeoutMs?: number;
  /** How long a client waits in all, ms; absent: as the profile has it. */
  readonly patienceMs?: number;
  readonly seed: number;
}

/** Probes that the system itself answers: all but those of the load's ledger. */
export type SystemProbe = Exclude<LabProbe, {kind: 'slo'}>;

/** The running system as an experiment disturbs and asks it. What it has injected ends when this connection does. */
export interface SystemPort {
  readonly session: string;
  readonly runtime: string;
  inject(request: FaultRequest): Promise<FaultRecord>;
  dryRun(request: FaultRequest): Promise<FaultRecord>;
  /** Heals these, measures that, and says how they stand. */
  clear(ids: readonly string[]): Promise<readonly FaultRecord[]>;
  /** These, as they are on record now. */
  faults(ids: readonly string[]): Promise<readonly FaultRecord[]>;
  prepareLoad(order: LoadOrder): Promise<PreparedLoad>;
  /** `since`: what is older is left out, unix ms. */
  probe(probe: SystemProbe, since: number): Promise<unknown>;
}

export interface Clock {
  /** Unix ms. */
  now(): number;
  /** Settles after so many ms, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface HttpOutput {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ProcessOutput {
  /** Exit code; minus the signal's number when one has ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgressNote {
  readonly text: string;
  /** How much is left of the whole method, ms, where that is known. */
  readonly leftMs?: number;
  /** 0..1 */
  readonly share?: number;
}

/** All that a run works with. */
export interface RunnerPorts {
  readonly clock: Clock;
  http(provider: HttpProvider, signal: AbortSignal): Promise<HttpOutput>;
  process(provider: ProcessProvider, signal: AbortSignal): Promise<ProcessOutput>;
  /** Undefined: the experiment needs none. */
  readonly system: SystemPort | undefined;
  ledger(file: string): Promise<readonly LedgerEntry[]>;
  /** Settles once the event is kept, so that it outlives this process. */
  write(event: JournalEvent): Promise<void>;
  progress(note: ProgressNote): void;
}
