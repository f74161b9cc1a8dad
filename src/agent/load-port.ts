import type {ErrorData} from '../errors.ts';
import type {LedgerEntry, LoadDriver, LoadPlan, LoadSummary} from '../load/load.ts';

/** The load driver as it crosses a thread: a run is its id, and its end is an event. */
export interface LoadThread {
  start(plan: LoadPlan, options: Parameters<LoadDriver['start']>[1]): Promise<string>;
  summary(id: string): Promise<LoadSummary>;
  stop(id: string): Promise<void>;
  echo(): ReturnType<LoadDriver['echo']>;
  stopAll(): Promise<void>;
}

/** The event that brings an entry of a ledger to where its file is. All of a run's come before its end. */
export const LEDGER_ENTRY = 'ledger-entry';
export interface CarriedEntry {
  readonly ledgerFile: string;
  readonly entry: LedgerEntry;
}

/** The event that tells how a run ended. */
export const LOAD_ENDED = 'load-ended';
export type LoadEnd =
  | {readonly id: string; readonly summary: LoadSummary}
  | {readonly id: string; readonly error: ErrorData};
