import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import pg from 'pg';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {docker, dockerDoes, openContainers, requireImages} from './support/containers.ts';
import {until} from './support/until.ts';

/** What the docker runtime relies on in the base images. The same holds for the official images, which are used where they are there. */
const NODE = 'node:20-bookworm-slim';
const POSTGRES = 'postgres:18-bookworm';
const NATS = 'nats:2.9';

const containers = openContainers();
afterAll(async () => containers[Symbol.asyncDispose]());
beforeEach(async context => requireImages(context, NODE, POSTGRES, NATS));

describe(NODE, () => {
  it('takes options, scripts and commands, as user node if told so', async () => {
    expect(await dockerDoes('run', '--rm', NODE, '-p', 'process.versions.node')).toMatch(/^20\./);
    expect(await dockerDoes('run', '--rm', NODE, 'node', '-p', '6 * 7')).toBe('42');
    expect(await dockerDoes('run', '--rm', NODE, 'printenv', 'NODE_VERSION')).toMatch(/^20\./);
    expect((await docker('run', '--rm', NODE, 'no-such-script')).stderr).toContain(
      "Cannot find module '/no-such-script'",
    );
    expect(await dockerDoes('run', '--rm', '--user', 'node', NODE, 'sh', '-c', 'id -u; id -g; cd ~; pwd')).toBe(
      '1000\n1000\n/home/node',
    );
  });

  it('runs below an init', async () => {
    expect(await dockerDoes('run', '--rm', '--init', NODE, '-p', 'process.pid > 1')).toBe('true');
  });
});

describe(POSTGRES, () => {
  it('makes role and database as the environment says, takes settings as arguments, and wants the password', async () => {
    const container = await containers.run(
      'settings',
      ...['--publish', '127.0.0.1::5432'],
      ...environment({POSTGRES_USER: 'alice', POSTGRES_PASSWORD: 'pa ss', POSTGRES_DB: 'wonderland'}),
      ...environment({POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --wal-segsize=4'}),
      ...[POSTGRES, '-c', 'max_connections=33'],
    );
    const place = {...(await containers.address(container, 5432)), user: 'alice', database: 'wonderland'};
    expect(
      await query(
        {...place, password: 'pa ss'},
        `select current_user, current_setting('max_connections') as connections, current_setting('wal_segment_size') as segment,
           current_setting('server_version_num')::int / 10000 as major, current_setting('data_directory') as folder`,
      ),
    ).toEqual([
      {current_user: 'alice', connections: '33', segment: '4MB', major: 18, folder: '/var/lib/postgresql/18/docker'},
    ]);
    await expect(query({...place, password: 'guessed'}, 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('runs scripts once, unreachable meanwhile, and keeps its data when it is stopped and replaced', async () => {
    const volume = ['--volume', `${containers.named('data')}:/var/lib/postgresql`];
    const hardened = [
      ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', 'postgres'],
      ...['--tmpfs', '/tmp', '--tmpfs', '/var/run/postgresql:mode=1777'],
    ];
    const first = containers.named('first');
    await dockerDoes(
      ...['create', '--name', first, '--publish', '127.0.0.1::5432', ...volume],
      ...environment({POSTGRES_PASSWORD_FILE: '/docker-entrypoint-initdb.d/secret.txt'}),
      POSTGRES,
    );
    await copyInto(first, '/docker-entrypoint-initdb.d', {
      'secret.txt': 'from a file\n',
      '1.sql': 'create table words (word text); insert into words values (current_user);',
      '2.sh':
        'if pg_isready --quiet --host 127.0.0.1; then exit 1; fi\npsql -U "$POSTGRES_USER" -c "insert into words values (\'quiet\')"\n',
    });
    await dockerDoes('start', first);
    const words = [{word: 'postgres'}, {word: 'quiet'}];
    const place = {...(await containers.address(first, 5432)), user: 'postgres', password: 'from a file'};
    expect(await query(place, 'select word from words')).toEqual(words);
    await dockerDoes('stop', first);
    expect(await dockerDoes('inspect', '--format', '{{.State.ExitCode}}', first)).toBe('0');

    const second = await containers.run('second', '--publish', '127.0.0.1::5432', ...volume, ...hardened, POSTGRES);
    const now = {...place, ...(await containers.address(second, 5432))};
    expect(await query(now, 'select word from words')).toEqual(words);
    await dockerDoes('stop', second);
    expect(await dockerDoes('inspect', '--format', '{{.State.ExitCode}}', second)).toBe('0');
  });

  it('refuses to let everybody in unless told so', async () => {
    const refused = await docker('run', '--rm', POSTGRES);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('POSTGRES_HOST_AUTH_METHOD=trust');
    const container = await containers.run(
      'trust',
      ...['--publish', '127.0.0.1::5432'],
      ...environment({POSTGRES_HOST_AUTH_METHOD: 'trust'}),
      POSTGRES,
    );
    const place = {...(await containers.address(container, 5432)), user: 'postgres'};
    expect(await query(place, 'select 1 as one')).toEqual([{one: 1}]);
  });
});

describe(NATS, () => {
  it('keeps streams on a volume, and stops in order', async () => {
    const container = await containers.run(
      'stream',
      ...['--publish', '127.0.0.1::4222', '--volume', `${containers.named('streams')}:/data`, '--cap-drop', 'ALL'],
      ...['--read-only', NATS, '-js', '-sd', '/data'],
    );
    const stream = JSON.stringify({name: 'S', subjects: ['s'], storage: 'file'});
    expect(await ask(container, '$JS.API.STREAM.CREATE.S', stream)).toMatchObject({config: {name: 'S'}});
    expect(await ask(container, 's', 'hello')).toMatchObject({stream: 'S', seq: 1});
    await dockerDoes('stop', container);
    expect(await dockerDoes('inspect', '--format', '{{.State.ExitCode}}', container)).toMatch(/^[01]$/);
    await dockerDoes('start', container);
    expect(await ask(container, '$JS.API.STREAM.INFO.S', '')).toMatchObject({state: {messages: 1}});
  });

  it('has a configuration that lets its health be asked', async () => {
    const container = await containers.run('default', '--publish', '127.0.0.1::8222', NATS);
    const {host, port} = await containers.address(container, 8222);
    let answer: unknown;
    await until('nats says that it is healthy', async () => {
      answer = await fetch(`http://${host}:${port}/healthz`, {signal: AbortSignal.timeout(2_000)}).then(
        async response => response.json(),
        () => undefined,
      );
      return answer !== undefined;
    });
    expect(answer).toEqual({status: 'ok'});
  });
});

function environment(variables: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

/** By way of the engine, which may be on another machine. */
async function copyInto(container: string, folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const local = mkdtempSync(join(tmpdir(), 'teralab-files-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(local, name), text);
    await dockerDoes('cp', `${local}/.`, `${container}:${folder}`);
  } finally {
    rmSync(local, {recursive: true, force: true});
  }
}

/** Asks as soon as the server takes connections; what it says then counts. */
async function query(place: pg.ClientConfig, sql: string): Promise<readonly unknown[]> {
  let rows: readonly unknown[] = [];
  await until(
    `Postgres answers at ${place.host}:${place.port}`,
    async () => {
      const client = new pg.Client(place);
      client.on('error', () => undefined);
      try {
        await client.connect();
        rows = (await client.query(sql)).rows;
        return true;
      } catch (error) {
        // It is not up yet, or the engine's proxy has nobody to give the connection to.
        if (error instanceof pg.DatabaseError && error.code !== '57P03') throw error;
        return false;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    {boundMs: 60_000},
  );
  return rows;
}

/** One request over the server's own protocol, for as long as nobody answers. */
async function ask(container: string, subject: string, payload: string): Promise<unknown> {
  const {host, port} = await containers.address(container, 4222);
  let reply: string | undefined;
  await until(`nats answers to ${subject}`, async () => {
    reply = await askOnce({host, port}, subject, payload);
    return reply !== undefined;
  });
  return JSON.parse(reply ?? '');
}

async function askOnce(
  place: {host: string; port: number},
  subject: string,
  payload: string,
): Promise<string | undefined> {
  const socket = connect(place);
  socket.on('error', () => undefined);
  socket.setTimeout(2_000, () => socket.destroy());
  try {
    for await (const line of createInterface({input: socket})) {
      if (line.startsWith('INFO')) {
        socket.write('CONNECT {"verbose":false}\r\nSUB answer 1\r\n');
        socket.write(`PUB ${subject} answer ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
      } else if (line.startsWith('{')) return line;
    }
    return undefined;
  } finally {
    socket.destroy();
  }
}
