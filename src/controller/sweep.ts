import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Paths} from '../paths.ts';
import {removeLeftovers} from '../runtime/process/leftovers.ts';
import type {EngineRecord} from '../runtime/runtime.ts';
import {findEntries} from './entries.ts';
import {type SessionRecord, sessionRecords} from './session-record.ts';

/** Ends all processes of a session, the controller among them: by pid, start time and mark, so that nothing else is touched. */
export async function endProcesses({session, controller, nodes}: SessionRecord): Promise<void> {
  await removeLeftovers({session, processes: [controller, ...nodes]});
}

/**
 * Removes what a dead controller left: its processes, what it has made on an engine, its socket, its record. Only for who holds the
 * workspace's lock. An engine that does not answer now is asked again by every later sweep; `say` is told.
 */
export async function sweep(
  paths: Paths,
  workspaceId: string,
  say: (line: string) => void = () => undefined,
): Promise<void> {
  const records = sessionRecords(paths.state);
  const record = await records.read(workspaceId);
  if (record !== undefined) {
    await endProcesses(record);
    if (record.engine !== undefined) await leaveToLater(paths, {session: record.session, engine: record.engine});
    await rm(record.socket, {force: true});
    await records.remove(workspaceId);
  }
  await removeDrafts(join(paths.state, 'sessions'), workspaceId);
  await sweepEngines(paths, say);
}

/** What a session may have left on an engine. */
interface Left {
  readonly session: string;
  readonly engine: EngineRecord;
}

/** Notes what a session has left on an engine, for later commands to remove. */
export async function leaveToLater(paths: Paths, left: Left): Promise<void> {
  const folder = leftFolder(paths);
  await mkdir(folder, {recursive: true, mode: 0o700});
  await writeFile(join(folder, `${left.session}.json`), JSON.stringify(left), {mode: 0o600});
}

/** Removes what sessions have left on engines, as far as these answer. */
export async function sweepEngines(paths: Paths, say: (line: string) => void): Promise<void> {
  const folder = leftFolder(paths);
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json'));
  for (const name of names) {
    const file = join(folder, name);
    const left = await readLeft(file);
    if (left === undefined) {
      await rm(file, {force: true});
      continue;
    }
    say(`removing what session ${left.session} has left on the engine at ${left.engine.host}`);
    try {
      const machines = await removeLeft(left, say);
      if (machines.length === 0) await rm(file, {force: true});
      else {
        say(`${machines.length} of the swarm's machines are not there; what is left on them is removed once they are`);
        await leaveToLater(paths, {...left, engine: {...left.engine, machines}});
      }
    } catch (error) {
      say(
        `what session ${left.session} has left there could not be removed and is tried again later: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** Returns the ids of machines that are not there, and still have something. */
async function removeLeft({session, engine}: Left, say: (line: string) => void): Promise<readonly string[]> {
  if (engine.machines === undefined) {
    const {removeSession} = await import('../runtime/docker/remove-session.ts');
    await removeSession(engine, session);
    return [];
  }
  const {removeSwarmSession} = await import('../runtime/swarm/remove-session.ts');
  return removeSwarmSession(engine, session, {program: async () => readFile(findEntries().steward), say});
}

async function readLeft(file: string): Promise<Left | undefined> {
  try {
    const {session, engine} = JSON.parse(await readFile(file, 'utf8')) as Partial<Left>;
    return typeof session === 'string' && session !== '' && typeof engine?.host === 'string'
      ? {session, engine}
      : undefined;
  } catch {
    return undefined;
  }
}

function leftFolder(paths: Paths): string {
  return join(paths.state, 'engines');
}

/** Files that somebody was killed while writing: they are never read. */
async function removeDrafts(folder: string, workspaceId: string): Promise<void> {
  const drafts = (await readdir(folder)).filter(
    name => name.startsWith(`${workspaceId}.`) && /\.(tmp|draft-[0-9a-f]+)$/.test(name),
  );
  for (const name of drafts) await rm(join(folder, name), {force: true});
}
