import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {FaultRecord} from '../faults/fault.ts';
import {createRecordFile} from '../faults/record-file.ts';
import type {SessionNodes} from '../runtime/docker/session-nodes.ts';
import {processIs} from '../runtime/process/leftovers.ts';
import type {EngineRecord} from '../runtime/runtime.ts';
import {nextEnd, overdueFaults, type UndoStep, undoSteps} from './overdue.ts';
import type {SessionRecord} from './session-record.ts';

const LOOK_EVERY_MS = 250;
/** A controller that lives ends its faults itself; one that is this late, in ms, is as good as dead. */
const LATE_MS = 2_000;

export interface WatchdogOptions {
  readonly stateFolder: string;
  readonly workspaceId: string;
  readonly session: string;
  /** Opened when there is something to undo: until then an engine's client is not even loaded. */
  readonly openNodes: (engine: EngineRecord, session: string) => Promise<SessionNodes>;
}

/**
 * Undoes faults of nodes whose end has passed while the controller is dead or stuck, on time, until the record of the session is gone or
 * that of another one. What the engine refuses is tried again at each look.
 */
export async function watch(options: WatchdogOptions): Promise<void> {
  const {stateFolder, workspaceId, session, openNodes} = options;
  const sessionFile = join(stateFolder, 'sessions', `${workspaceId}.json`);
  const faults = createRecordFile(join(stateFolder, 'faults', `${workspaceId}.jsonl`));
  let nodes: SessionNodes | undefined;
  for (;;) {
    const record = await readSession(sessionFile);
    if (record?.session !== session) return faults.close();
    const records = await faults.read().catch(() => []);
    const graceMs = processIs(record.controller) ? LATE_MS : 0;
    for (const fault of overdueFaults(records, Date.now(), graceMs)) {
      if (record.engine === undefined) break;
      try {
        nodes ??= await openNodes(record.engine, session);
        for (const step of undoSteps(fault, records, Date.now())) await undo(step, nodes);
        await faults.append(ended(fault));
      } catch {
        // The engine does not answer, or not yet.
        await nodes?.close?.();
        nodes = undefined;
      }
    }
    const untilNextMs = nextEnd(records) - Date.now();
    await rest(untilNextMs > 0 ? Math.min(untilNextMs, LOOK_EVERY_MS) : LOOK_EVERY_MS);
  }
}

async function undo(step: UndoStep, nodes: SessionNodes): Promise<void> {
  switch (step.act) {
    case 'resume':
      return nodes.resume(step.node);
    case 'disarm':
      return nodes.disarm(step.node);
    case 'calm':
      return nodes.calm(step.node, step.kind);
    case 'disturb':
      return nodes.disturb(step.node, step.disturbance);
  }
}

function ended(fault: FaultRecord): FaultRecord {
  const now = Date.now();
  const observed = `undone by the session's watchdog ${now - (fault.endsAt ?? now)} ms after its end: the controller did not`;
  return {...fault, state: 'ended', endedAt: now, endedBy: 'heal', healed: {verdict: 'none', observed}};
}

/** Nothing for a record that is gone, or not whole. */
async function readSession(file: string): Promise<SessionRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SessionRecord;
  } catch {
    return undefined;
  }
}

async function rest(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms));
}
