import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {requireImages} from './support/containers.ts';
import {runEngineScript} from './support/engine-script.ts';
import {processes} from './support/processes.ts';
import {leaveOut} from './support/require.ts';

const NODE = 'node:20-bookworm-slim';
const NAMES = /teralab-(swarm|h[123])/;

describe('a swarm on one machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'teralab-swarm-'));
  beforeEach(async context => {
    await requireImages(context, NODE, 'postgres:18-bookworm', 'nats:2.9');
    if (process.getuid?.() !== 0) leaveOut(context, 'engines in network namespaces need root');
    if (NAMES.test(await networkOf())) leaveOut(context, 'this machine has a swarm already');
  });
  afterAll(async () => {
    await runEngineScript('swarm', 'down', '--folder', folder);
    rmSync(folder, {recursive: true, force: true});
  });

  it('has three nodes whose containers reach each other, and is gone without a trace even after an engine was killed', async () => {
    const up = await runEngineScript('swarm', 'up', '--folder', folder);
    expect(up.exitCode, up.stderr).toBe(0);
    const hosts = up.stdout.split('\n').map(line => line.replace(/^\w+=/, ''));
    const [manager = '', worker = ''] = hosts;
    expect(hosts).toHaveLength(3);
    expect(await ask(manager, 'node', 'ls', '--format', '{{.Hostname}} {{.Status}}')).toBe(
      'teralab-h1 Ready\nteralab-h2 Ready\nteralab-h3 Ready',
    );
    await ask(manager, 'network', 'create', '--driver', 'overlay', '--attachable', 'between');
    const answering = 'require("http").createServer((_, answer) => answer.end("here")).listen(8080)';
    await ask(
      worker,
      'run',
      '--detach',
      '--init',
      '--network',
      'between',
      '--name',
      'answering',
      NODE,
      '-e',
      answering,
    );
    const asking = `
      const get = () => require("http").get("http://answering:8080", reply => reply.pipe(process.stdout)).on("error", () => setTimeout(get, 100));
      get();`;
    expect(await ask(manager, 'run', '--rm', '--init', '--network', 'between', NODE, '-e', asking)).toBe('here');

    const killed = processes().find(
      ({command}) => command.startsWith('dockerd\0') && command.includes(`${folder}/swarm/h2/`),
    );
    process.kill(killed?.pid ?? Number.NaN, 'SIGKILL');
    const down = await runEngineScript('swarm', 'down', '--folder', folder);
    expect(down.exitCode, down.stderr).toBe(0);
    expect(await networkOf()).not.toMatch(NAMES);
    expect(processes().filter(({command}) => command.includes(`${folder}/`))).toEqual([]);
    expect(existsSync(join(folder, 'swarm'))).toBe(false);
  });
});

async function ask(host: string, ...args: readonly string[]): Promise<string> {
  const {stdout} = await execa('docker', args, {env: {DOCKER_HOST: host}, timeout: 60_000});
  return stdout;
}

/** Names of links, namespaces and rules. */
async function networkOf(): Promise<string> {
  const {stdout} = await execa(
    'sh',
    ['-c', 'ip -oneline link; ip netns; iptables-save; ls -R /sys/fs/cgroup | grep teralab-'],
    {
      reject: false,
    },
  );
  return stdout;
}
