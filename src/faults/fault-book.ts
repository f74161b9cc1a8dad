import type {FaultEntry} from './entry.ts';
import type {FaultEffect, FaultRecord} from './fault.ts';
import {drawId} from './id.ts';
import type {RecordFile} from './record-file.ts';

/** All faults that the engine knows: those that it has in hand, and what became of the others. */
export interface FaultBook {
  /** In hand, by id. */
  readonly entries: Map<string, FaultEntry>;
  /** Over, by id. */
  readonly past: Map<string, FaultRecord>;
  /** An id that no fault has had. */
  freshId(): string;
  update(entry: FaultEntry, change: Partial<FaultRecord>): Promise<void>;
  /** It is over: nothing looks at it any more. */
  retire(entry: FaultEntry, change: Partial<FaultRecord>): Promise<void>;
  /** No probe has shown it: what traffic felt is all that there is to say. */
  showFelt(entry: FaultEntry, effect: FaultEffect): Promise<void>;
}

export interface FaultBookOptions {
  readonly file: RecordFile;
  /** Unix ms. */
  readonly now: () => number;
  readonly onChange: ((record: FaultRecord) => void) | undefined;
}

export function createFaultBook({file, now, onChange}: FaultBookOptions): FaultBook {
  const entries = new Map<string, FaultEntry>();
  const past = new Map<string, FaultRecord>();

  const update = async (entry: FaultEntry, change: Partial<FaultRecord>): Promise<void> => {
    entry.record = {...entry.record, ...change};
    if (past.has(entry.record.id)) past.set(entry.record.id, entry.record);
    onChange?.(entry.record);
    // A fault has to end even when the disk is full: that it was planned is in the file already.
    await file.append(entry.record).catch(() => {});
  };

  const retire = async (entry: FaultEntry, change: Partial<FaultRecord>): Promise<void> => {
    entry.endTimer?.stop();
    entry.lookTimer?.stop();
    entries.delete(entry.record.id);
    past.set(entry.record.id, entry.record);
    await update(entry, {endedAt: now(), ...change});
  };

  return {
    entries,
    past,
    freshId: () => drawId(name => entries.has(name) || past.has(name)),
    update,
    retire,
    async showFelt(entry, effect) {
      entry.isFeltOnly = true;
      await update(entry, {effect});
    },
  };
}
