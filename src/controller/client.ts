import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {LabError} from '../errors.ts';
import {labPaths, type Paths, workspaceId} from '../paths.ts';
import {processIs} from '../runtime/process/leftovers.ts';
import {findProcess} from '../runtime/process/process-table.ts';
import {type ControllerClient, connectController} from './connection.ts';
import {lockNote, takeLock} from './lock.ts';
import {lockFile, type SessionRecord, sessionRecords} from './session-record.ts';
import {startController} from './start-controller.ts';
import {endProcesses, sweep, sweepEngines} from './sweep.ts';

export type {ControllerClient} from './connection.ts';

/** A controller that lives but does not say hello within this time is taken for hung, in ms. */
const HELLO_WITHIN_MS = 10_000;
/** One that does not even run (it has been stopped by a signal) is not waited for that long, in ms. */
const FIRST_HELLO_WITHIN_MS = 1_500;
/** Others that clean up, start or end a controller at the same time are waited for this long, in ms. */
const OTHERS_WITHIN_MS = 45_000;
const POLL_EVERY_MS = 15;
const HELD_POLL_EVERY_MS = 100;

type Say = (line: string) => void;

/** The running controller of this workspace, or undefined. What a dead or hung one left behind is removed first, and said. */
export async function findController(
  workspace: string,
  say: Say = () => undefined,
): Promise<ControllerClient | undefined> {
  const paths = labPaths();
  const id = await workspaceId(workspace);
  const socket = await paths.socket(id);
  const records = sessionRecords(paths.state);
  const until = Date.now() + OTHERS_WITHIN_MS;
  while (Date.now() < until) {
    const first = await connectController(socket, workspace, FIRST_HELLO_WITHIN_MS, tokenOf(paths, id));
    if (typeof first === 'object') return first;
    const record = await records.read(id);
    if (record === undefined) {
      await sweepEngines(paths, say);
      return undefined;
    }
    const late = await comeRound(record, socket, tokenOf(paths, id));
    if (late !== undefined) return late;
    if (processIs(record.controller)) {
      say(`the controller (pid ${record.controller.pid}) does not answer: ending it and its system`);
      await endProcesses(record);
    }
    const lock = await takeLock(lockFile(paths, id));
    if (lock !== undefined) {
      try {
        say('removing what a controller that was killed has left');
        await sweep(paths, id, say);
      } finally {
        await lock.release();
      }
      return undefined;
    }
    // Another command does the same, or has started a controller that is about to listen.
    await delay(POLL_EVERY_MS);
  }
  throw new LabError(
    'CONTROLLER_LOST',
    `The controller of ${workspace} does not answer, and something keeps its lock.`,
  );
}

/** Finds the controller of this workspace, or starts one. */
export async function ensureController(workspace: string, say: Say): Promise<ControllerClient> {
  const paths = labPaths();
  const id = await workspaceId(workspace);
  const socket = await paths.socket(id);
  const until = Date.now() + OTHERS_WITHIN_MS;
  while (Date.now() < until) {
    const found = await findController(workspace, say);
    if (found !== undefined) return found;
    say('starting the controller');
    const started = await startController(workspace, join(paths.state, 'logs', `controller-${id}.log`));
    const client = await connectController(socket, workspace, HELLO_WITHIN_MS, tokenOf(paths, id));
    if (typeof client === 'object') return client;
    // Another terminal was faster, or somebody has taken ours down already.
    if (started === 'held') await delay(HELD_POLL_EVERY_MS);
  }
  throw new LabError(
    'CONTROLLER_NOT_STARTED',
    'Other commands kept starting and ending controllers of this workspace.',
  );
}

/** All sessions of this user that have a record, whether or not their controller still lives. */
export async function listSessions(): Promise<
  readonly {readonly workspace: string; readonly session: string; readonly pid: number}[]
> {
  const found = await sessionRecords(labPaths().state).list();
  return found.map(({record}) => ({workspace: record.workspace, session: record.session, pid: record.controller.pid}));
}

/** Waits for a controller that lives and may be about to listen, or to be busy; not for one that a signal has stopped. */
async function comeRound(
  {controller, workspace}: SessionRecord,
  socket: string,
  readToken: () => Promise<string>,
): Promise<ControllerClient | undefined> {
  const until = Date.now() + HELLO_WITHIN_MS;
  while (Date.now() < until && processIs(controller) && findProcess(controller.pid)?.state !== 'stopped') {
    const client = await connectController(socket, workspace, until - Date.now(), readToken);
    if (typeof client === 'object') return client;
    await delay(POLL_EVERY_MS);
  }
  return undefined;
}

/** What a controller wants to be greeted with stands in its lock file: who can read that is the user, and no code under test. */
function tokenOf(paths: Paths, id: string): () => Promise<string> {
  return async () => lockNote(lockFile(paths, id));
}
