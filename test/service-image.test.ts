import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {docker, dockerDoes, openContainers, requireImages} from './support/containers.ts';
import {root} from './support/learner.ts';
import {until} from './support/until.ts';

const NODE = 'node:20-bookworm-slim';
const POSTGRES = 'postgres:18-bookworm';

const containers = openContainers();
const image = containers.named('image');

/** What the docker runtime gives a service, and no more. */
const HARDENED = [
  ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
  ...['--init', '--memory', '512m', '--pids-limit', '256'],
];

describe('the image of the services', () => {
  let isBuilt = false;
  beforeEach(async context => {
    await requireImages(context, NODE, POSTGRES);
    if (isBuilt) return;
    await dockerDoes('build', '--quiet', '--tag', image, '--file', `${root}/docker/Dockerfile`, root);
    isBuilt = true;
  });
  afterAll(async () => {
    await containers[Symbol.asyncDispose]();
    if (isBuilt) await docker('image', 'rm', '--force', image);
  });

  it('runs a service with a read-only root and no rights until it is ready, and drains it', async () => {
    const network = containers.named('network');
    await dockerDoes('network', 'create', network);
    const connected = ['--network', network];
    await containers.run('db', ...connected, '--network-alias', 'db', '--env', 'POSTGRES_PASSWORD=secret', POSTGRES);
    const database = 'postgres://postgres:secret@db/postgres';
    const service = await containers.run(
      'identity',
      ...[...connected, ...HARDENED, '--publish', '127.0.0.1::8080'],
      ...['--env', `DATABASE_URL=${database}`, '--env', `BROKER_URL=${database}`],
      ...['--env', 'SESSION_SECRET=for this test and nothing else', image, 'identity'],
    );
    const {host, port} = await containers.address(service, 8080);
    let answer = '';
    await until(
      'identity is ready',
      async () => {
        answer = await fetch(`http://${host}:${port}/readyz`, {signal: AbortSignal.timeout(2_000)}).then(
          async response => `${response.status} ${await response.text()}`,
          () => 'no answer',
        );
        return answer.startsWith('200 ');
      },
      {boundMs: 60_000, seen: () => answer},
    );
    await dockerDoes('exec', service, 'node', '/app/docker/start.mjs', 'health');
    expect(await dockerDoes('exec', service, 'id', '-un')).toBe('node');
    await dockerDoes('stop', service);
    expect(await dockerDoes('inspect', '--format', '{{.State.ExitCode}}', service)).toBe('0');
    expect((await docker('logs', service)).stdout).toContain('"msg":"ready"');
  });

  it('says what it can run when it is asked for something else', async () => {
    const {exitCode, stderr} = await docker('run', '--rm', image, 'ledger');
    expect({exitCode, stderr}).toEqual({
      exitCode: 64,
      stderr: expect.stringMatching(/this image runs gateway, identity, .*stream, agent/),
    });
  });

  it('holds what V8 made of each service', async () => {
    const files = await dockerDoes('run', '--rm', '--entrypoint', 'ls', image, '/app/cache');
    for (const service of ['gateway', 'identity', 'stream']) expect(files).toContain(`${service}.bundle.cjs-`);
  });
});
