import {randomBytes} from 'node:crypto';
import {execa} from 'execa';
import {BASE_IMAGES} from '../../src/runtime/docker/images.ts';
import {createPorts} from '../../src/runtime/ports.ts';
import {IN_CONTAINER, settingsArgs} from '../../src/runtime/postgres-settings.ts';

/** What nobody can start faster than: the containers of a system, by the Docker CLI alone, all at the same time. */
export interface Containers {
  readonly gateway: string;
  /** Makes the network that they meet on. */
  prepare(): Promise<void>;
  /** Returns when the CLI has started all of them. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

const PASSWORD = 'bench';
const CONFINED = [
  '--init',
  '--read-only',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--tmpfs',
  '/tmp',
];

export async function createContainers(): Promise<Containers> {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const port = await createPorts()();
  const image = await newestImage();
  const names = ['identity-db', 'stream-db', 'broker', 'identity', 'stream', 'gateway', 'agent'];
  const run = async (what: string, options: readonly string[], command: readonly string[]): Promise<unknown> =>
    execa('docker', [
      ...['run', '-d', '--name', `${name}-${what}`, '--network', name, '--network-alias', what, '--memory', '512m'],
      ...options,
      ...command,
    ]);
  const postgres = async (what: string, role: string): Promise<unknown> =>
    run(
      what,
      [
        ...['-e', `POSTGRES_USER=${role}`, '-e', `POSTGRES_PASSWORD=${PASSWORD}`, '-e', `POSTGRES_DB=${role}`],
        ...['-e', 'POSTGRES_INITDB_ARGS=--encoding=UTF8 --locale=C --wal-segsize=4 --no-sync', '--user', 'postgres'],
        ...['--read-only', '--cap-drop', 'ALL', '--tmpfs', '/var/run/postgresql:mode=1777', '--tmpfs', '/tmp'],
        ...['-v', `${name}-${what}:/var/lib/postgresql`],
      ],
      [BASE_IMAGES.postgres, 'postgres', ...settingsArgs(IN_CONTAINER)],
    );
  const url = (role: string): string => `postgres://${role}:${PASSWORD}@${role}-db:5432/${role}`;
  const service = async (what: string, env: Readonly<Record<string, string>>, more: readonly string[] = []) =>
    run(
      what,
      [
        ...CONFINED,
        ...Object.entries({
          PROFILE: 'lab',
          SESSION_SECRET: 'of the bench, which is no secret',
          NODE_NAME: what,
          ...env,
        }).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
        ...more,
      ],
      [image, what],
    );
  const broker = {BROKER_URL: `nats://teralab:${PASSWORD}@broker:4222`};
  const links = (...callees: readonly string[]): Record<string, string> => ({
    LINKS: JSON.stringify(
      Object.fromEntries(callees.map(callee => [callee, [{node: callee, url: `http://${callee}:8080`}]])),
    ),
  });
  return {
    gateway: `http://127.0.0.1:${port}`,
    prepare: async () => {
      await execa('docker', ['network', 'create', name]);
    },
    start: async () => {
      await Promise.all([
        postgres('identity-db', 'identity'),
        postgres('stream-db', 'stream'),
        run(
          'broker',
          ['-v', `${name}-broker:/data`],
          [BASE_IMAGES.nats, '-js', '-sd', '/data', '--user', 'teralab', '--pass', PASSWORD],
        ),
        service('identity', {DATABASE_URL: url('identity'), ...broker, ...links('stream')}),
        service('stream', {DATABASE_URL: url('stream'), ...broker, ...links('identity')}),
        service('gateway', links('identity', 'stream'), ['-p', `127.0.0.1:${port}:8080`]),
        service('agent', {AGENT_TOKEN: randomBytes(16).toString('hex')}),
      ]);
    },
    remove: async () => {
      await execa('docker', ['rm', '-f', '-v', ...names.map(what => `${name}-${what}`)]);
      await execa('docker', ['volume', 'rm', '-f', ...names.map(what => `${name}-${what}`)]);
      await execa('docker', ['network', 'rm', name]);
    },
  };
}

/** The image that the last `up` has used. */
async function newestImage(): Promise<string> {
  const {stdout} = await execa('docker', ['images', 'teralab', '--format', '{{.Repository}}:{{.Tag}}']);
  const [newest] = stdout.split('\n');
  if (newest === undefined || newest === '') throw new Error('There is no image of teralab on the engine.');
  return newest;
}
