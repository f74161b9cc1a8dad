import type {CrashSeriesResult} from './crash-series.ts';
import type {DirectChange} from './direct.ts';
import type {EndedBy, FaultRecord, FaultRequest} from './fault.ts';

export interface Measuring {
  /** `wait` (default): returns once the effect was measured. `background`: returns once it is applied; the effect follows in the record. */
  readonly measure?: 'wait' | 'background';
}

export type Clearing = Measuring & {
  readonly by?: EndedBy;
  /** With `wait`: how long at most, ms; what takes longer follows in the record. Default: as long as it takes. */
  readonly healedWithinMs?: number;
};

export interface FaultEngine {
  /** Errors: UNKNOWN_FAULT, UNKNOWN_TARGET, UNKNOWN_ATTRIBUTE, BAD_VALUE, NOT_POSSIBLE_HERE, FAULT_FAILED. */
  inject(request: FaultRequest, options?: Measuring): Promise<FaultRecord>;
  /**
   * Changes toxics as the control API asks for it: all in one step, in the record before, and without probes, so that it takes no longer than
   * the fabric does. Errors: those of `Fabric.change`; UNKNOWN_FAULT for what has ended.
   */
  change(change: DirectChange): Promise<void>;
  /** What the request would touch, as a record that is kept nowhere; its effect says it in words. */
  dryRun(request: FaultRequest): Promise<FaultRecord>;
  /** Ends a fault; one that has ended already is returned as it is. Errors: UNKNOWN_FAULT. */
  clear(id: string, options?: Clearing): Promise<FaultRecord>;
  /** Ends everything that is in force or on its way: what is being injected meanwhile is given up, and is not in force any more when this returns. */
  clearAll(options?: Clearing): Promise<readonly FaultRecord[]>;
  /** How the crash points of a fault came out, once it is over; undefined for a fault that has none. */
  crashes(id: string): Promise<CrashSeriesResult> | undefined;
  /** In force now. */
  list(): readonly FaultRecord[];
  /** One of the record, whatever became of it. */
  find(id: string): FaultRecord | undefined;
  /** The whole record, oldest first. */
  history(): readonly FaultRecord[];
  /** Reads the record and undoes what an earlier process left in force. Returns what was healed. */
  healLeftovers(): Promise<readonly FaultRecord[]>;
  /** Ends everything without measuring; nodes that are down stay down. */
  stop(): Promise<void>;
}
