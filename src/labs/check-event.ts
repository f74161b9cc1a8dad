import type {FaultRecord} from '../faults/fault.ts';
import type {TaskVerdict} from './verdict.ts';

export const PHASES = ['prepare', 'baseline', 'attack', 'heal', 'replay', 'final', 'judge'] as const;
export type Phase = (typeof PHASES)[number];

/** What a run tells while it runs. */
export type CheckEvent =
  | {readonly type: 'phase'; readonly phase: Phase; readonly text: string; readonly expectedMs?: number}
  /** Figures of the load so far, twice a second. */
  | {
      readonly type: 'live';
      readonly phase: Phase;
      readonly sent: number;
      readonly ok: number;
      readonly failed: number;
      readonly p50: number;
      readonly p99: number;
      readonly elapsedMs: number;
    }
  | {readonly type: 'fault'; readonly fault: FaultRecord}
  | {readonly type: 'note'; readonly text: string}
  | {readonly type: 'task'; readonly task: TaskVerdict};
