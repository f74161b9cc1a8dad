import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {readVersioned, writeVersioned} from '../files.ts';
import type {KnownProcess} from '../runtime/process/leftovers.ts';
import type {RuntimeName} from '../runtime/runtime.ts';

const VERSION = 1;

/** What the next command needs to know of a session whose controller is gone. Written before anything is started. */
export interface SessionRecord {
  readonly session: string;
  readonly workspace: string;
  readonly runtime: RuntimeName;
  readonly socket: string;
  readonly controller: KnownProcess;
  readonly nodes: readonly KnownProcess[];
}

/** Session records, one file per workspace. */
export interface SessionRecords {
  read(workspaceId: string): Promise<SessionRecord | undefined>;
  write(workspaceId: string, record: SessionRecord): Promise<void>;
  remove(workspaceId: string): Promise<void>;
  list(): Promise<readonly {readonly workspaceId: string; readonly record: SessionRecord}[]>;
}

export function sessionRecords(stateFolder: string): SessionRecords {
  const folder = join(stateFolder, 'sessions');
  const file = (workspaceId: string): string => join(folder, `${workspaceId}.json`);
  const read = async (workspaceId: string): Promise<SessionRecord | undefined> =>
    readVersioned<SessionRecord>(file(workspaceId), VERSION);
  return {
    read,
    write: async (workspaceId, record) => writeVersioned(file(workspaceId), VERSION, record),
    remove: async workspaceId => rm(file(workspaceId), {force: true}),
    list: async () => {
      const names = await readdir(folder).catch(() => []);
      const found = await Promise.all(
        names
          .filter(name => name.endsWith('.json'))
          .map(async name => {
            const workspaceId = name.slice(0, -'.json'.length);
            const record = await read(workspaceId);
            return record === undefined ? [] : [{workspaceId, record}];
          }),
      );
      return found.flat();
    },
  };
}
