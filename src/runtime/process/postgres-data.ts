import {createHash, randomBytes} from 'node:crypto';
import {readFile, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {LabError} from '../../errors.ts';
import {systemCode} from '../../files.ts';
import {HBA, INITDB_ARGS, roleOf, settingsArgs} from '../postgres-settings.ts';
import {waitUntil} from '../wait.ts';
import {buildOnce} from './build-once.ts';
import type {PostgresBinaries} from './postgres-binaries.ts';
import {ensureOwnedFolder, type PostgresHome} from './postgres-home.ts';
import {isAlive, processesIn} from './process-table.ts';
import {killAll} from './process-tree.ts';
import {runCommand} from './run-command.ts';

/** A server on the same data that is about to end (its session has died) gets this long, in ms. */
const PREDECESSOR_ENDS_WITHIN_MS = 10_000;
/** Backends notice within this time (ms) that their postmaster is dead, unless they are stopped. */
const ORPHANS_END_WITHIN_MS = 500;

/** Whose data it is. */
export interface DataOwner {
  readonly workspaceId: string;
  readonly node: string;
}

/** What a new data folder has in it: with another role it is another form. */
const DATA_FORM = 2;

/** Where a node's data is, or will be. Data of another major version cannot be read, of another form lacks something; it stays aside until `clean`. */
export function dataFolder(home: PostgresHome, binaries: PostgresBinaries, {workspaceId, node}: DataOwner): string {
  return join(home.databases, workspaceId, `${node}-${binaries.version.split('.')[0]}-${DATA_FORM}`, 'data');
}

/**
 * Makes the data of a node, cloned from a template the first time and kept between sessions of the same workspace, and gives its role
 * this password, unless it has it already.
 */
export async function prepareData(
  home: PostgresHome,
  binaries: PostgresBinaries,
  owner: DataOwner,
  {password, holds}: NodePassword,
): Promise<void> {
  const data = dataFolder(home, binaries, owner);
  const folder = dirname(data);
  const role = roleOf(owner.node);
  await ensureOwnedFolder(dirname(folder), home.user);
  let isNew = false;
  await buildOnce(folder, home.user, async draft => {
    const reflink = process.platform === 'linux' ? ['--reflink=auto'] : [];
    await runCommand(
      `making the data of ${owner.node}`,
      'cp',
      ['-a', ...reflink, `${templateFolder(home, binaries)}/.`, draft],
      {user: home.user},
    );
    const statements = [
      `CREATE ROLE ${role} LOGIN CREATEROLE PASSWORD '${password}'`,
      `GRANT pg_monitor TO ${role}`,
      // The empty database that is there already takes the name: making another one copies megabytes.
      `ALTER DATABASE postgres RENAME TO ${role}`,
      `ALTER DATABASE ${role} OWNER TO ${role}`,
    ];
    // The copy has not been flushed to the disk either; flushing both takes longer than all the rest, and nothing is in it yet.
    await runSql(binaries, home, join(draft, 'data'), statements, ['-c', 'fsync=off']);
    isNew = true;
  });
  await freeData(data);
  // Without a server, so that it holds from the first connection on. It takes as long as starting the server does.
  if (!isNew && !holds) await runSql(binaries, home, data, [`ALTER ROLE ${role} PASSWORD '${password}'`]);
}

/** The template that data folders are cloned from: what `initdb` makes, once per version and kind. */
export async function prepareTemplate(
  home: PostgresHome,
  binaries: PostgresBinaries,
  say: (line: string) => void,
): Promise<void> {
  await buildOnce(templateFolder(home, binaries), home.user, async draft => {
    say('initialising Postgres (once)');
    const data = join(draft, 'data');
    await runCommand('initdb', join(binaries.folder, 'bin/initdb'), [...INITDB_ARGS, `--pgdata=${data}`], {
      user: home.user,
    });
    await writeFile(join(data, 'pg_hba.conf'), HBA);
  });
}

/** The password of a node's role in this session, and whether it is set in the data already. */
export interface NodePassword {
  readonly password: string;
  readonly holds: boolean;
}

/** The password that the last session left behind, if it ended in order; it is used only once. Otherwise a new one, still to be set. */
export async function takePassword(data: string): Promise<NodePassword> {
  const left = await readFile(passwordFile(data), 'utf8').catch(() => '');
  await rm(passwordFile(data), {force: true});
  return PASSWORD.test(left) ? {password: left, holds: true} : {password: newPassword(), holds: false};
}

/**
 * Gives the node's role the password of its next session, with `query` of a connection as that role. It is written down only after it
 * holds: when something goes wrong in between, the next session sets its own. No other connection can be made in this one any more.
 */
export async function leavePassword(
  data: string,
  node: string,
  query: (statement: string) => Promise<unknown>,
): Promise<void> {
  const password = newPassword();
  await query(`ALTER ROLE ${roleOf(node)} PASSWORD '${password}'`);
  const draft = `${passwordFile(data)}.draft`;
  await rm(draft, {force: true});
  await writeFile(draft, password, {mode: 0o600, flag: 'wx'});
  await rename(draft, passwordFile(data));
}

/**
 * Makes sure that nobody uses a data folder before a server starts on it. After SIGKILL its lock file is still there, and the pid
 * in it may be anybody's by now. Errors: POSTGRES_FAILED when another living server has it.
 */
export async function freeData(data: string): Promise<void> {
  const lockFile = join(data, 'postmaster.pid');
  const text = await readFile(lockFile, 'utf8').catch(error => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  const postmaster = Number(text.split('\n')[0]);
  const users = (): readonly number[] => processesIn(data, 'postgres');
  const serverLives = (): boolean =>
    process.platform === 'linux' ? users().includes(postmaster) : isAlive(postmaster);
  if (!(await waitUntil(() => !serverLives(), PREDECESSOR_ENDS_WITHIN_MS, 20))) {
    throw new LabError('POSTGRES_FAILED', `Another Postgres (pid ${postmaster}) still uses ${data}.`);
  }
  if (!(await waitUntil(() => users().length === 0, ORPHANS_END_WITHIN_MS))) await killAll(users());
  await rm(lockFile, {force: true});
}

/** 24 random bytes in base64url. */
const PASSWORD = /^[\w-]{32}$/;

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Beside the data, in a folder that only the user who runs Postgres can enter. */
function passwordFile(data: string): string {
  return join(dirname(data), 'next-password');
}

/** Runs statements as superuser without a server. The data folder must not be in use. */
async function runSql(
  binaries: PostgresBinaries,
  home: PostgresHome,
  data: string,
  statements: readonly string[],
  settings: readonly string[] = [],
): Promise<void> {
  await runCommand(
    'Postgres',
    join(binaries.folder, 'bin/postgres'),
    ['--single', '-D', data, ...settingsArgs(), ...settings, 'template1'],
    {
      user: home.user,
      input: `${statements.join('\n')}\n`,
      // In this mode a failed statement does not show in the exit code.
      failsOn: /\b(ERROR|FATAL|PANIC):/,
    },
  );
}

function templateFolder(home: PostgresHome, binaries: PostgresBinaries): string {
  const kind = createHash('sha256')
    .update(JSON.stringify([INITDB_ARGS, HBA]))
    .digest('hex')
    .slice(0, 8);
  return join(home.cache, `template-${binaries.version}-${kind}`);
}
