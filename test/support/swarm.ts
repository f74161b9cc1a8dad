import {readFileSync} from 'node:fs';
import {execa} from 'execa';
import type {TestContext} from 'vitest';
import {processes} from './processes.ts';
import {leaveOut} from './require.ts';

/** Endpoints of all engines of the swarm that `scripts/engine.js swarm up` makes, the manager's first; the manager's alone for any other. */
export function swarmEngines(manager: string): readonly string[] {
  return /\/h1\/docker\.sock$/.test(manager)
    ? [1, 2, 3].map(number => manager.replace('/h1/', `/h${number}/`))
    : [manager];
}

/** The same, for a test that takes machines from the swarm: left out on any other swarm than the script's. */
export function requireOwnSwarm(context: TestContext, manager: string): readonly string[] {
  const engines = swarmEngines(manager);
  if (engines.length < 3) leaveOut(context, 'the swarm is not that of `node scripts/engine.js swarm up`');
  if (process.getuid?.() !== 0) leaveOut(context, 'taking a machine from a swarm needs root');
  return engines;
}

/** Runs the Docker CLI on one engine. */
export async function dockerOn(engine: string, ...args: readonly string[]): Promise<string> {
  return (await execa('docker', ['--host', engine, ...args], {timeout: 60_000})).stdout;
}

/** The engine, among these, that has a container. */
export async function engineOf(container: string, engines: readonly string[]): Promise<string> {
  for (const engine of engines) {
    const {exitCode} = await execa('docker', ['--host', engine, 'container', 'inspect', container], {reject: false});
    if (exitCode === 0) return engine;
  }
  throw new Error(`None of ${engines.join(', ')} has container ${container}.`);
}

/** What is on these engines with a session's label, by engine and kind: `h2 volume …`. Services and configs are the manager's. */
export async function leftOn(engines: readonly string[], session: string): Promise<readonly string[]> {
  const filter = ['-q', '--filter', `label=dev.teralab.session=${session}`];
  const [manager = ''] = engines;
  const asked = [
    ...engines.flatMap(engine => [
      {engine, list: ['ps', '-a']},
      {engine, list: ['volume', 'ls']},
      {engine, list: ['network', 'ls']},
    ]),
    {engine: manager, list: ['service', 'ls']},
    {engine: manager, list: ['config', 'ls']},
  ];
  const found = await Promise.all(
    asked.map(async ({engine, list}) => {
      const ids = (await dockerOn(engine, ...list, ...filter)).split('\n').filter(id => id !== '');
      return ids.map(id => `${engine.split('/').at(-2)} ${list[0]} ${id}`);
    }),
  );
  return found.flat();
}

/** Cuts one of the script's machines off the others, as if it had lost its power for them, and brings it back when disposed of. */
export async function cutOff(engine: string): Promise<AsyncDisposable> {
  const link = `teralab-${engine.split('/').at(-2)}`;
  const set = async (state: 'up' | 'down'): Promise<void> => void (await execa('ip', ['link', 'set', link, state]));
  await set('down');
  return {[Symbol.asyncDispose]: async () => set('up')};
}

/** Ends one of the script's machines for good: its engine, and all that runs in its containers. */
export async function endMachine(engine: string): Promise<void> {
  const folder = engine.replace(/^unix:\/\//, '').replace(/docker\.sock$/, '');
  const name = folder.split('/').at(-2);
  const engines = processes().filter(
    ({command}) => command.includes(folder) && /^(dockerd|containerd)\0/.test(command),
  );
  const shims = processes().filter(({command}) => command.includes(folder) && command.includes('containerd-shim'));
  // The engine first, which would otherwise see its containers end, and say so.
  for (const {pid} of [...engines, ...shims]) kill(pid);
  const groups = await execa('find', ['/sys/fs/cgroup', '-path', `*/teralab-swarm-${name}/*`, '-name', 'cgroup.procs']);
  const inside = groups.stdout.split('\n').filter(file => file !== '');
  const pids = inside.flatMap(file => readFileSync(file, 'utf8').split('\n').map(Number)).filter(pid => pid > 0);
  for (const pid of new Set(pids)) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
