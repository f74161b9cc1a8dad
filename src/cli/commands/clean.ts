import {lstat, readdir, rm} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {asLabError} from '../../files.ts';
import {labPaths, workspaceId} from '../../paths.ts';
import {postgresFolders} from '../../runtime/process/postgres-home.ts';
import {entriesOf} from '../clean/forget.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {listed} from '../output/text.ts';
import {roughSize} from '../parse/size.ts';
import {stopSystem} from './down.ts';

/** Progress and the workspace are in other folders, and stay. */
export async function run(context: Context): Promise<Outcome> {
  context.doing('stopping to remove files; what is left is removed by the next `teralab clean`');
  await stopSystem(context, context.workspace);
  const running = await runningElsewhere(context);
  const targets = await removable(running.map(({id}) => id));
  const removed: string[] = [];
  let bytes = 0;
  for (const target of targets) {
    context.signal.throwIfAborted();
    context.progress.step(`removing ${target}`);
    bytes += await sizeOf(target);
    await rm(target, {recursive: true, force: true}).catch((error: unknown) => {
      throw asLabError(error, target);
    });
    removed.push(target);
  }
  context.progress.stop();
  if (context.json) {
    context.document({removed, bytes, running: running.map(({workspace}) => workspace)});
    return 'ok';
  }
  context.line(
    removed.length === 0
      ? 'There was nothing to remove.'
      : `${paint.good('✔')} Removed ${roughSize(bytes)}: databases, caches, logs and old sessions.`,
  );
  context.line('Your progress and your workspace are as they were.');
  if (running.length > 0)
    context.say(
      `What running systems need was left: ${listed(running.map(({workspace}) => workspace))}. \`teralab down --all\` stops them.`,
    );
  return 'ok';
}

/** Asking for a controller removes what a dead one left behind, so this also sweeps. */
async function runningElsewhere(
  context: Context,
): Promise<readonly {readonly workspace: string; readonly id: string}[]> {
  const found: {workspace: string; id: string}[] = [];
  for (const {workspace} of await context.controllers.list()) {
    const client = await context.controllers.find(workspace);
    if (client === undefined) continue;
    client.close();
    found.push({workspace, id: await workspaceId(workspace)});
  }
  return found;
}

/** Everything in the state and cache folders but what belongs to running systems. */
async function removable(runningIds: readonly string[]): Promise<readonly string[]> {
  const paths = labPaths();
  const {base, cache, databases} = postgresFolders(paths);
  const belongs = (path: string): boolean => runningIds.some(id => basename(path).includes(id));
  if (runningIds.length === 0) {
    const all = [
      ...(await entriesOf(paths.state)),
      ...(await entriesOf(paths.cache)),
      ...(base === undefined ? [] : [base]),
    ];
    return existing(all);
  }
  const perWorkspace = await Promise.all(
    [databases, ...['logs', 'faults', 'sessions'].map(name => join(paths.state, name))].map(entriesOf),
  );
  // Binaries and templates are in use.
  const caches = (await entriesOf(paths.cache)).filter(path => path !== cache);
  return existing([...perWorkspace.flat().filter(path => !belongs(path)), ...caches]);
}

async function existing(targets: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    targets.map(async target => ((await lstat(target).catch(() => undefined)) === undefined ? [] : [target])),
  );
  return found.flat();
}

async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const names = await readdir(path).catch(() => []);
  const sizes = await Promise.all(names.map(async name => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
