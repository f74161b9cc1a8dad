import {join} from 'node:path';
import type {Paths} from '../../paths.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {settingsArgs} from '../postgres-settings.ts';
import type {RunningNode} from '../runtime.ts';
import {findBinaries, installBinaries, type PostgresBinaries} from './postgres-binaries.ts';
import {dataFolder, freeData, prepareData, prepareTemplate, takePassword} from './postgres-data.ts';
import {type PostgresHome, preparePostgresHome} from './postgres-home.ts';
import {createRunningNode} from './running-node.ts';
import {startProcess} from './start-process.ts';

/** A fast shutdown writes a checkpoint; after an immediate one the next start recovers. */
const STOP_SIGNALS = [
  {signal: 'SIGINT', graceMs: 10_000},
  {signal: 'SIGQUIT', graceMs: 2_000},
] as const;

/** Binaries and template, ready for any number of nodes once `ready` settles. */
export interface PostgresTools {
  readonly home: PostgresHome;
  readonly binaries: PostgresBinaries;
  readonly ready: Promise<void>;
}

/** A node whose data is ready to be served once `ready` settles. */
export interface PreparedPostgres {
  readonly data: string;
  /** Of the node's role, in this session. */
  readonly password: string;
  readonly ready: Promise<void>;
}

/** Finds out what will be used; copying and initialising, which take long, go on after it has returned. */
export async function preparePostgresTools(paths: Paths, say: (line: string) => void): Promise<PostgresTools> {
  const home = await preparePostgresHome(paths);
  const binaries = await findBinaries(home);
  const install = async (): Promise<void> => {
    await installBinaries(home, binaries, say);
    await prepareTemplate(home, binaries, say);
  };
  return {home, binaries, ready: handled(install())};
}

/** Finds out the password, which services want to know early; the data is made ready after it has returned. */
export async function preparePostgres(
  {home, binaries, ready}: PostgresTools,
  workspaceId: string,
  node: string,
): Promise<PreparedPostgres> {
  const owner = {workspaceId, node};
  const data = dataFolder(home, binaries, owner);
  const password = await takePassword(data);
  return {
    data,
    password: password.password,
    ready: handled(ready.then(async () => prepareData(home, binaries, owner, password))),
  };
}

/** Whoever needs it gets the error; until then nobody may be there to. */
function handled(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  return work;
}

/** Starts a Postgres server on prepared data. Its pid is the postmaster's. */
export async function startPostgres(
  {home, binaries}: PostgresTools,
  prepared: PreparedPostgres,
  spec: {readonly node: PlannedNode; readonly address: Address; readonly session: string; readonly logFile: string},
): Promise<RunningNode> {
  await prepared.ready;
  await freeData(prepared.data);
  const started = await startProcess({
    name: spec.node.name,
    command: join(binaries.folder, 'bin/postgres'),
    args: ['-D', prepared.data, '-p', String(spec.address.port), ...settingsArgs()],
    env: {PATH: '/usr/bin:/bin', LC_ALL: 'C'},
    session: spec.session,
    logFile: spec.logFile,
    leashSignal: 'QUIT',
    control: false,
    user: home.user,
  });
  return createRunningNode(started, {
    node: spec.node,
    address: spec.address,
    logFile: spec.logFile,
    stopSignals: STOP_SIGNALS,
    isTree: true,
  });
}
