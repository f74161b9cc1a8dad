import {readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {LabError} from '../errors.ts';
import {readVersioned, writeVersioned} from '../files.ts';
import type {Paths} from '../paths.ts';
import type {KnownProcess} from '../runtime/process/leftovers.ts';
import type {EngineRecord, RuntimeName} from '../runtime/runtime.ts';

const VERSION = 1;

/** What the next command needs to know of a session whose controller is gone. Written before anything is started. */
export interface SessionRecord {
  readonly session: string;
  readonly workspace: string;
  readonly runtime: RuntimeName;
  readonly socket: string;
  /** The engine on which the session has made something, or was about to. */
  readonly engine?: EngineRecord;
  readonly controller: KnownProcess;
  readonly nodes: readonly KnownProcess[];
}

/** Session records, one file per workspace. Errors of reading: NEWER_VERSION, NOT_ALLOWED. */
export interface SessionRecords {
  /** A damaged record is put aside and counts as none: it tells nothing, and must not be in the way. */
  read(workspaceId: string): Promise<SessionRecord | undefined>;
  write(workspaceId: string, record: SessionRecord): Promise<void>;
  remove(workspaceId: string): Promise<void>;
  list(): Promise<readonly {readonly workspaceId: string; readonly record: SessionRecord}[]>;
}

export function sessionRecords(stateFolder: string): SessionRecords {
  const folder = join(stateFolder, 'sessions');
  const file = (workspaceId: string): string => join(folder, `${workspaceId}.json`);
  const read = async (workspaceId: string): Promise<SessionRecord | undefined> => {
    const record = await readVersioned<SessionRecord>(file(workspaceId), VERSION).catch(error => {
      if (error instanceof LabError && error.code === 'DAMAGED_FILE') return 'damaged' as const;
      throw error;
    });
    if (record === undefined || (record !== 'damaged' && isWhole(record))) return record;
    await rename(file(workspaceId), `${file(workspaceId)}.damaged`).catch(() => undefined);
    return undefined;
  };
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
            const record = await read(workspaceId).catch(() => undefined);
            return record === undefined ? [] : [{workspaceId, record}];
          }),
      );
      return found.flat();
    },
  };
}

/** Held by the controller while it lives, and by whoever cleans up after a dead one. */
export function lockFile(paths: Paths, workspaceId: string): string {
  return join(paths.state, 'sessions', `${workspaceId}.lock`);
}

function isWhole({session, workspace, socket, controller, nodes}: Partial<SessionRecord>): boolean {
  return (
    typeof session === 'string' &&
    session !== '' &&
    typeof workspace === 'string' &&
    typeof socket === 'string' &&
    typeof controller?.pid === 'number' &&
    Array.isArray(nodes)
  );
}
