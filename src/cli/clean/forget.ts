import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {labPaths, workspaceId} from '../../paths.ts';
import {postgresFolders} from '../../runtime/process/postgres-home.ts';

/** Removes what is kept of one workspace's systems: databases, logs, fault record. Its system must not be running. */
export async function forgetWorkspace(workspace: string): Promise<void> {
  const id = await workspaceId(workspace);
  const paths = labPaths();
  const logs = join(paths.state, 'logs');
  const targets = [
    join(postgresFolders(paths).databases, id),
    join(logs, id),
    join(logs, `controller-${id}.log`),
    join(paths.state, 'faults', `${id}.jsonl`),
    join(paths.state, 'sessions', `${id}.json`),
  ];
  await Promise.all(targets.map(async target => rm(target, {recursive: true, force: true})));
}

/** Folders and files directly below a folder; none where there is no such folder. */
export async function entriesOf(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).map(name => join(folder, name));
}
