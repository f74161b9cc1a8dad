import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {build} from 'esbuild';
import {probeHttp, probePostgres} from '../../src/controller/probe.ts';
import type {Paths} from '../../src/paths.ts';
import {createPorts, LOOPBACK} from '../../src/runtime/ports.ts';
import {roleOf, settingsArgs} from '../../src/runtime/postgres-settings.ts';
import {preparePostgres, preparePostgresTools} from '../../src/runtime/process/postgres-node.ts';
import type {Address} from '../../src/topology/address.ts';
import {endChild, PACKAGE_FOLDER} from './lab.ts';

/** What nobody can start faster than: three bare Postgres and three bare, bundled Fastify services, all at the same time. */
export interface Floor {
  /** Starts everything, waits until all six answer, ends it again. Returns the ms from the first spawn to the last answer. */
  measure(): Promise<number>;
  remove(): void;
}

const SERVICE = `
import fastify from 'fastify';
const app = fastify();
app.get('/readyz', async () => ({ready: true}));
await app.listen({host: '${LOOPBACK}', port: Number(process.argv[2])});
`;
const ASK_EVERY_MS = 5;
const ANSWERS_WITHIN_MS = 60_000;
const DATABASES = ['floor-a-db', 'floor-b-db', 'floor-c-db'];

/** Makes the floor's data folders and service. They live with the lab's own, and use its binaries. */
export async function createFloor(paths: Paths): Promise<Floor> {
  const folder = mkdtempSync(join(tmpdir(), 'teralab-floor-'));
  const service = join(folder, 'service.mjs');
  await build({
    stdin: {contents: SERVICE, resolveDir: PACKAGE_FOLDER},
    outfile: service,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    banner: {js: "import {createRequire} from 'node:module';const require=createRequire(import.meta.url);"},
  });
  const tools = await preparePostgresTools(paths, () => undefined);
  const databases = await Promise.all(
    DATABASES.map(async node => ({node, ...(await preparePostgres(tools, 'bench-floor', node))})),
  );
  await Promise.all(databases.map(async ({ready}) => ready));
  const nextPort = createPorts();

  const startPostgres = (data: string, port: number): ChildProcess =>
    spawn(join(tools.binaries.folder, 'bin/postgres'), ['-D', data, '-p', String(port), ...settingsArgs()], {
      cwd: '/',
      env: {PATH: '/usr/bin:/bin', LC_ALL: 'C'},
      stdio: 'ignore',
      ...(tools.home.user ?? {}),
    });

  return {
    measure: async () => {
      const ports: number[] = [];
      for (let count = 0; count < DATABASES.length * 2; count++) ports.push(await nextPort());
      const addressOf = (index: number): Address => ({host: LOOPBACK, port: ports[index] ?? 0});
      const begin = performance.now();
      const postgres = databases.map(({data}, index) => startPostgres(data, addressOf(index).port));
      const services = databases.map((_, index) =>
        spawn(process.execPath, [service, String(addressOf(index + DATABASES.length).port)], {stdio: 'ignore'}),
      );
      try {
        await Promise.all([
          ...databases.map(({node, password}, index) =>
            untilTrue(async () =>
              probePostgres({address: addressOf(index), user: roleOf(node), password, database: roleOf(node)}, 2_000),
            ),
          ),
          ...services.map((_, index) =>
            untilTrue(
              async () => (await probeHttp(addressOf(index + DATABASES.length), ['/readyz'], 2_000))[0] === 200,
            ),
          ),
        ]);
        return performance.now() - begin;
      } finally {
        await Promise.all(services.map(async child => endChild(child, 'SIGTERM')));
        await Promise.all(postgres.map(async child => endChild(child, 'SIGINT')));
      }
    },
    remove: () => rmSync(folder, {recursive: true, force: true}),
  };
}

async function untilTrue(check: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + ANSWERS_WITHIN_MS;
  while (!(await check())) {
    if (Date.now() > until) throw new Error('The floor did not come up.');
    await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS));
  }
}
