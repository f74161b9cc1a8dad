import {randomBytes} from 'node:crypto';
import {mkdir} from 'node:fs/promises';
import {resolve} from 'node:path';
import {labPaths, workspaceId} from '../paths.ts';
import {processStartTime} from '../runtime/process/leftovers.ts';
import {lockFile, sweep} from './client.ts';
import {Controller} from './controller.ts';
import {findEntries} from './entries.ts';
import {createHandlers} from './handlers.ts';
import {takeLock} from './lock.ts';
import {serve} from './server.ts';
import {type SessionRecord, sessionRecords} from './session-record.ts';

/** A controller that nobody asked to bring anything up ends after this time, in ms. */
const IDLE_END_MS = 60_000;
/** Taking the system down may take this long when the controller is told to end, in ms. */
const END_WITHIN_MS = 15_000;

/** The controller's process: `node main.js <workspace>`, detached, its output going to its log. */
async function main(): Promise<void> {
  const workspace = resolve(process.argv[2] ?? 'teralab');
  const session = process.env.TERALAB_SESSION ?? randomBytes(6).toString('hex');
  const paths = labPaths();
  const id = await workspaceId(workspace);
  await mkdir(paths.state, {recursive: true, mode: 0o700});
  const lock = await takeLock(lockFile(paths, id));
  if (lock === undefined) return;
  const records = sessionRecords(paths.state);
  const socket = await paths.socket(id);
  const previous = await records.read(id);
  if (previous !== undefined) await sweep(id, previous);

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
  const recordProcesses = (nodes: SessionRecord['nodes']): void => {
    record = {...record, nodes};
    const latest = record;
    writing = writing
      .then(async () => (latest === record ? records.write(id, latest) : undefined))
      .catch(error => log(`session record: ${String(error)}`));
  };

  const controller = new Controller({
    session,
    workspace,
    workspaceId: id,
    paths,
    entries: findEntries(),
    log,
    recordProcesses,
  });
  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), END_WITHIN_MS).unref();
    await controller.down(log).catch(error => log(`down: ${String(error)}`));
    await server.close();
    await writing;
    await records.remove(id);
    await lock.release();
    process.exit(code);
  };
  const server = await serve(
    socket,
    createHandlers(controller, () => void end(0)),
    error => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(0));
  process.on('uncaughtException', error => {
    log(`uncaught: ${error.stack ?? error.message}`);
    void end(5);
  });
  process.on('unhandledRejection', reason =>
    log(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`),
  );
  let idleSince = Date.now();
  setInterval(() => {
    if (controller.isUp || server.clients() > 0) idleSince = Date.now();
    else if (Date.now() - idleSince > IDLE_END_MS) void end(0);
  }, 5_000).unref();
  log(`controller of ${workspace}, session ${session}, pid ${process.pid}`);
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

await main();
