import {randomBytes} from 'node:crypto';
import {writeSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {resolve} from 'node:path';
import type {Agent} from '../agent/agent.ts';
import {LabError, toErrorData} from '../errors.ts';
import {asLabError} from '../files.ts';
import {labPaths, workspaceId} from '../paths.ts';
import {endHelpers, processStartTime, SESSION_MARK} from '../runtime/process/leftovers.ts';
import {Controller} from './controller.ts';
import {findEntries} from './entries.ts';
import {createHandlers} from './handlers.ts';
import {takeLock} from './lock.ts';
import {serve} from './server.ts';
import {lockFile, type SessionRecord, sessionRecords} from './session-record.ts';
import type {Started} from './start-controller.ts';
import {leaveToLater, sweep} from './sweep.ts';

/** A controller without a system and without a client ends after this time, in ms: the next command may be on its way to it. */
const IDLE_END_MS = 500;
const IDLE_LOOK_EVERY_MS = 10_000;
/** Taking the system down may take this long when the controller is told to end, in ms. */
const END_WITHIN_MS = 15_000;

async function main(workspace: string, session: string, openAgent: () => Agent): Promise<Started> {
  const paths = labPaths();
  const id = await workspaceId(workspace);
  const socket = await paths.socket(id);
  await mkdir(paths.state, {recursive: true, mode: 0o700});
  const token = randomBytes(24).toString('base64url');
  const lock = await takeLock(lockFile(paths, id), token);
  if (lock === undefined) return {state: 'held'};
  const records = sessionRecords(paths.state);
  await sweep(paths, id, log);

  let record: SessionRecord = {
    session,
    workspace,
    runtime: 'process',
    socket,
    controller: {name: 'controller', pid: process.pid, startTime: processStartTime(process.pid) ?? ''},
    nodes: [],
  };
  await records.write(id, record);
  let writing = Promise.resolve();
  const rewrite = async (change: Partial<SessionRecord>): Promise<void> => {
    const latest = {...record, ...change};
    record = latest;
    // What has been overtaken meanwhile need not be written.
    const written = writing.then(async () => (latest === record ? records.write(id, latest) : undefined));
    writing = written.catch(error => log(`session record: ${String(error)}`));
    await written;
  };
  const controller = new Controller({
    session,
    workspace,
    workspaceId: id,
    paths,
    entries: findEntries(),
    openAgent,
    log,
    recordEngine: async (runtime, engine) => rewrite({runtime, engine}),
    recordProcesses: nodes => void rewrite({nodes}).catch(() => undefined),
    onAgentLost: reason => {
      log(`the agent is gone: ${reason.message}`);
      void end(1);
    },
  });

  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), END_WITHIN_MS).unref();
    const isClean = await controller.down(log).then(
      () => true,
      error => {
        log(`down: ${String(error)}`);
        return false;
      },
    );
    await server.close();
    await writing;
    // They would end by themselves, a moment after this process: too late for who looks at once.
    if (isClean) await endHelpers();
    // What could not be removed from an engine is the next command's to remove, by the record.
    const {engine} = record;
    if (controller.hasLeft && engine !== undefined)
      await leaveToLater(paths, {session, engine}).catch(error => log(`left on the engine: ${String(error)}`));
    if (isClean) await records.remove(id).catch(error => log(`session record: ${String(error)}`));
    await lock.release().catch(error => log(`lock: ${String(error)}`));
    process.exit(code);
  };
  let idle: NodeJS.Timeout | undefined;
  const endWhenIdle = (): void => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (!controller.isUp && server.clients() === 0) void end(0);
    }, IDLE_END_MS);
  };
  const server = await serve(
    socket,
    token,
    createHandlers(controller, () => void end(0)),
    {
      onInternalError: error => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      onLastClient: endWhenIdle,
    },
  );
  // Also when nobody ever comes, or the system could not be brought up after everybody had left.
  setInterval(endWhenIdle, IDLE_LOOK_EVERY_MS).unref();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(0));
  // Left to Node it would open its debugger to whoever connects, and any process of this user can send it.
  process.on('SIGUSR1', () => log('SIGUSR1 is of no effect here'));
  process.on('uncaughtException', error => {
    log(`uncaught: ${error.stack ?? error.message}`);
    void end(5);
  });
  process.on('unhandledRejection', reason =>
    log(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`),
  );
  log(`controller of ${workspace}, session ${session}, pid ${process.pid}`);
  return {state: 'listening'};
}

/** Not through the stream: without space on the disk its writes end the process, and these must not. */
function log(line: string): void {
  write(1, `${new Date().toISOString()} ${line}\n`);
}

/** Tells the command that started this process how that went. It may be gone by now. */
function tell(started: Started): void {
  const descriptor = Number(process.env.TERALAB_STARTED_FD);
  if (Number.isInteger(descriptor) && descriptor > 2) write(descriptor, `${JSON.stringify(started)}\n`);
}

function write(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {
    // Nobody reads it, or there is no space for it.
  }
}

/** The controller's process: `node main.js <workspace>`, detached, its output going to its log. */
export async function runController(openAgent: () => Agent): Promise<void> {
  try {
    const started = await main(resolve(process.argv[2] ?? 'teralab'), process.env[SESSION_MARK] ?? '', openAgent);
    tell(started);
    if (started.state === 'held') process.exit(0);
  } catch (error) {
    const known = asLabError(error, (error as NodeJS.ErrnoException).path ?? 'a file');
    log(error instanceof LabError ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error));
    tell({state: 'failed', error: toErrorData(known)});
    process.exit(1);
  }
}
