import {rm} from 'node:fs/promises';
import type {Paths} from '../paths.ts';
import {removeLeftovers} from '../runtime/process/leftovers.ts';
import {type SessionRecord, sessionRecords} from './session-record.ts';

/** Ends all processes of a session, the controller among them: by pid, start time and mark, so that nothing else is touched. */
export async function endProcesses({session, controller, nodes}: SessionRecord): Promise<void> {
  await removeLeftovers({session, processes: [controller, ...nodes]});
}

/** Removes what a dead controller left: its processes, its socket, its record. Only for who holds the workspace's lock. */
export async function sweep(paths: Paths, workspaceId: string, record: SessionRecord): Promise<void> {
  await endProcesses(record);
  await rm(record.socket, {force: true});
  await sessionRecords(paths.state).remove(workspaceId);
}
