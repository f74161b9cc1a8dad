import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

/** A real NATS server with JetStream for tests; disposing it stops it and removes its data. */
export interface TestNats extends AsyncDisposable {
  /** With user and password. */
  readonly url: string;
  readonly port: number;
  /** Memory that is resident, bytes; undefined where the system does not tell. */
  rssBytes(): number | undefined;
  /** SIGKILLs the server as a crash would and starts it again on the same data and port. */
  crashAndRestart(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const USER = 'test';
/** Characters that a URL has to escape. */
const PASSWORD = 'p@ss/w:rd';

/** Why tests with a NATS server are left out here; undefined when they are not. With TERALAB_REQUIRE_ALL a missing server is an error. */
export function natsMissing(): string | undefined {
  if (spawnSync('nats-server', ['--version']).status === 0) return undefined;
  const reason = 'since there is no `nats-server` on the PATH';
  if (process.env.TERALAB_REQUIRE_ALL === '1') throw new Error(`Nothing may be left out here, ${reason}.`);
  return reason;
}

export async function startTestNats(): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-test-nats-'));
  const port = await freePort();
  const config = join(folder, 'nats.conf');
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'data'))} }`,
    `authorization { user: ${USER}, password: ${JSON.stringify(PASSWORD)} }`,
  ];
  await writeFile(config, lines.join('\n'), {mode: 0o600});
  let server = await startServer(config, port);
  return {
    url: `nats://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    port,
    rssBytes() {
      const {stdout} = spawnSync('ps', ['-o', 'rss=', '-p', String(server.pid)], {encoding: 'utf8'});
      return stdout.trim() === '' ? undefined : Number(stdout) * 1024;
    },
    async crashAndRestart() {
      server.kill('SIGKILL');
      await exited(server);
      server = await startServer(config, port);
    },
    async [Symbol.asyncDispose]() {
      server.stdin?.end();
      server.kill('SIGTERM');
      await exited(server);
      await rm(folder, {recursive: true, force: true});
    },
  };
}

async function startServer(config: string, port: number): Promise<ChildProcess> {
  const server = spawn('nats-server', ['--config', config], {stdio: ['ignore', 'ignore', 'pipe']});
  // A test run that is killed leaves no server behind.
  process.once('exit', () => server.kill('SIGKILL'));
  let output = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4_000);
  });
  for (const until = Date.now() + READY_WITHIN_MS; !(await listens(port)); await sleep(10)) {
    if (server.exitCode !== null || Date.now() > until) throw new Error(`nats-server is not ready:\n${output}`);
  }
  return server;
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({host: '127.0.0.1', port});
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', () => finish(true));
    socket.once('error', () => finish(false));
  });
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
