import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, openSync} from 'node:fs';
import {readFile, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {LabError} from '../errors.ts';
import {labPaths, type Paths, workspaceId} from '../paths.ts';
import {processIs, removeLeftovers} from '../runtime/process/leftovers.ts';
import {type ControllerClient, connectController} from './connection.ts';
import {findEntries} from './entries.ts';
import {takeLock} from './lock.ts';
import {type SessionRecord, sessionRecords} from './session-record.ts';

export type {ControllerClient} from './connection.ts';

/** A controller that is alive but does not say hello within this time is taken for hung, in ms. */
const HELLO_WITHIN_MS = 10_000;
/** A new controller has to listen within this time, in ms: a bound against hanging. */
const LISTEN_WITHIN_MS = 30_000;
const POLL_EVERY_MS = 15;

/** The running controller of this workspace, or undefined. What a dead one left behind is removed first. */
export async function findController(workspace: string): Promise<ControllerClient | undefined> {
  const paths = labPaths();
  const id = await workspaceId(workspace);
  const records = sessionRecords(paths.state);
  const client = await connectController(await paths.socket(id), workspace, HELLO_WITHIN_MS);
  if (client !== undefined) return client;
  const record = await records.read(id);
  if (record === undefined) return undefined;
  if (processIs(record.controller)) {
    // It has written its record and may be about to listen; only when it does not come round is it taken for hung.
    const late = await waitForController(workspace, await paths.socket(id), HELLO_WITHIN_MS, () =>
      processIs(record.controller),
    );
    if (late !== undefined) return late;
  }
  const lock = await takeLock(lockFile(paths, id));
  if (lock === undefined) return waitForController(workspace, await paths.socket(id), LISTEN_WITHIN_MS, () => true);
  try {
    const latest = await records.read(id);
    if (latest !== undefined) await sweep(id, latest);
  } finally {
    await lock.release();
  }
  return undefined;
}

/** Finds the controller of this workspace, or starts one. */
export async function ensureController(workspace: string, say: (line: string) => void): Promise<ControllerClient> {
  const found = await findController(workspace);
  if (found !== undefined) return found;
  const paths = labPaths();
  const id = await workspaceId(workspace);
  const socketPath = await paths.socket(id);
  const logFile = join(paths.state, 'logs', `controller-${id}.log`);
  say('starting the controller');
  const session = randomBytes(6).toString('hex');
  mkdirSync(dirname(logFile), {recursive: true});
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--max-semi-space-size=4', findEntries().controller, workspace],
    {
      detached: true,
      stdio: ['ignore', log, log],
      env: {...process.env, TERALAB_SESSION: session},
    },
  );
  child.unref();
  const gone = new Promise<undefined>(resolve => {
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
  let alive = true;
  void gone.then(() => {
    alive = false;
  });
  // Another terminal may have been faster: then ours ends at once, and theirs answers.
  const client =
    (await waitForController(workspace, socketPath, LISTEN_WITHIN_MS, () => alive)) ??
    (await connectController(socketPath, workspace, HELLO_WITHIN_MS));
  if (client !== undefined) return client;
  const tail = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-8).join('\n');
  throw new LabError('CONTROLLER_NOT_STARTED', `The controller did not start.\n${tail}`);
}

/** All sessions of this user that have a record, whether or not their controller still lives. */
export async function listSessions(): Promise<
  readonly {readonly workspace: string; readonly session: string; readonly pid: number}[]
> {
  const found = await sessionRecords(labPaths().state).list();
  return found.map(({record}) => ({workspace: record.workspace, session: record.session, pid: record.controller.pid}));
}

/** Held by the controller while it lives, and by whoever cleans up after a dead one. */
export function lockFile(paths: Paths, id: string): string {
  return join(paths.state, 'sessions', `${id}.lock`);
}

/** Ends what a dead or hung controller left: its processes, by pid, start time and mark; then its record and socket. */
export async function sweep(id: string, record: SessionRecord): Promise<void> {
  await removeLeftovers({session: record.session, processes: [record.controller, ...record.nodes]});
  await rm(record.socket, {force: true});
  await sessionRecords(labPaths().state).remove(id);
}

async function waitForController(
  workspace: string,
  socketPath: string,
  withinMs: number,
  alive: () => boolean,
): Promise<ControllerClient | undefined> {
  const until = Date.now() + withinMs;
  while (Date.now() < until) {
    const client = await connectController(socketPath, workspace, HELLO_WITHIN_MS);
    if (client !== undefined || !alive()) return client;
    await new Promise(resolve => setTimeout(resolve, POLL_EVERY_MS));
  }
  return undefined;
}
