import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Paths} from '../paths.ts';
import {removeLeftovers} from '../runtime/process/leftovers.ts';
import {type SessionRecord, sessionRecords} from './session-record.ts';

/** Ends all processes of a session, the controller among them: by pid, start time and mark, so that nothing else is touched. */
export async function endProcesses({session, controller, nodes}: SessionRecord): Promise<void> {
  await removeLeftovers({session, processes: [controller, ...nodes]});
}

/** Removes what a dead controller left: its processes, its socket, its record. Only for who holds the workspace's lock. */
export async function sweep(paths: Paths, workspaceId: string): Promise<void> {
  const records = sessionRecords(paths.state);
  const record = await records.read(workspaceId);
  if (record !== undefined) {
    await endProcesses(record);
    await rm(record.socket, {force: true});
    await records.remove(workspaceId);
  }
  await removeDrafts(join(paths.state, 'sessions'), workspaceId);
}

/** Files that somebody was killed while writing: they are never read. */
async function removeDrafts(folder: string, workspaceId: string): Promise<void> {
  const drafts = (await readdir(folder)).filter(
    name => name.startsWith(`${workspaceId}.`) && /\.(tmp|draft-[0-9a-f]+)$/.test(name),
  );
  for (const name of drafts) await rm(join(folder, name), {force: true});
}
