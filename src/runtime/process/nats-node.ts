import {randomBytes} from 'node:crypto';
import {chown, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {LabError} from '../../errors.ts';
import type {Paths} from '../../paths.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode} from '../runtime.ts';
import {findNatsServer, isAtLeast, type NatsServer} from './nats-server.ts';
import {ensureOwnedFolder, type PostgresHome, preparePostgresHome} from './postgres-home.ts';
import {isAlive, processesIn} from './process-table.ts';
import {createRunningNode} from './running-node.ts';
import {startProcess} from './start-process.ts';
import {waitUntil} from './wait.ts';

/** It ends within milliseconds; after that it is killed, which its store is made for. */
const STOP_SIGNALS = [{signal: 'SIGINT', graceMs: 5_000}] as const;
/** A server on the same data that is about to end (its session has died) gets this long, in ms. */
const PREDECESSOR_ENDS_WITHIN_MS = 10_000;
export const NATS_USER = 'teralab';

/** A broker node whose configuration is written. */
export interface PreparedNats {
  readonly server: NatsServer;
  readonly home: PostgresHome;
  /** Holds the configuration and, in `store`, what JetStream keeps. */
  readonly folder: string;
  /** Of the session. */
  readonly password: string;
}

/** Makes the folder of a node, which is kept between sessions of the same workspace. Errors: NATS_MISSING, NOT_ALLOWED. */
export async function prepareNats(
  paths: Paths,
  workspaceId: string,
  node: string,
  address: Address,
): Promise<PreparedNats> {
  const server = await findNatsServer();
  // Beside the databases, and as their user: root is nobody to serve the network as.
  const home = await preparePostgresHome(paths);
  const folder = join(home.databases, workspaceId, `${node}-nats`);
  for (const each of [dirname(folder), folder]) await ensureOwnedFolder(each, home.user);
  const password = randomBytes(24).toString('base64url');
  await writeConfiguration({server, home, folder, password}, address);
  return {server, home, folder, password};
}

/** Starts the server. Its data survives SIGKILL; that of a crash of the machine from 2.10 on, which can flush each message. */
export async function startNats(
  {server, home, folder}: PreparedNats,
  spec: {readonly node: PlannedNode; readonly address: Address; readonly session: string; readonly logFile: string},
): Promise<RunningNode> {
  await freeData(folder);
  const started = await startProcess({
    name: spec.node.name,
    command: server.file,
    args: ['--config', configFile(folder)],
    env: {PATH: '/usr/bin:/bin', LC_ALL: 'C'},
    session: spec.session,
    logFile: spec.logFile,
    leashSignal: 'TERM',
    control: false,
    user: home.user,
    folder,
  });
  return createRunningNode(started, {
    node: spec.node,
    address: spec.address,
    logFile: spec.logFile,
    stopSignals: STOP_SIGNALS,
    isTree: false,
  });
}

/** The password is here and in no argument, and nobody else can read it. */
async function writeConfiguration({server, home, folder, password}: PreparedNats, address: Address): Promise<void> {
  const lines = [
    `listen: ${text(`${address.host}:${address.port}`)}`,
    `pid_file: ${text(pidFile(folder))}`,
    'jetstream {',
    `  store_dir: ${text(join(folder, 'store'))}`,
    ...(isAtLeast(server.version, [2, 10]) ? ['  sync_interval: always'] : []),
    '}',
    `authorization { user: ${text(NATS_USER)}, password: ${text(password)} }`,
  ];
  const file = configFile(folder);
  const draft = `${file}.draft`;
  await rm(draft, {force: true});
  await writeFile(draft, `${lines.join('\n')}\n`, {mode: 0o600, flag: 'wx'});
  if (home.user !== undefined) await chown(draft, home.user.uid, home.user.gid);
  await rename(draft, file);
}

/** Nothing but this keeps two servers from writing to the same store: NATS locks nothing. */
async function freeData(folder: string): Promise<void> {
  const written = Number(await readFile(pidFile(folder), 'utf8').catch(() => ''));
  const isTaken = (): boolean =>
    process.platform === 'linux' ? processesIn(folder, 'nats-server').length > 0 : written > 0 && isAlive(written);
  if (!(await waitUntil(() => !isTaken(), PREDECESSOR_ENDS_WITHIN_MS, 20)))
    throw new LabError('NODE_GONE', `Another nats-server (pid ${written}) still uses ${folder}.`);
  await rm(pidFile(folder), {force: true});
}

function configFile(folder: string): string {
  return join(folder, 'nats.conf');
}

function pidFile(folder: string): string {
  return join(folder, 'nats.pid');
}

function text(value: string): string {
  return JSON.stringify(value);
}
