import {randomBytes} from 'node:crypto';
import {execa} from 'execa';
import type {TestContext} from 'vitest';
import type {Finished} from './learner.ts';
import {leaveOut, requireTool} from './require.ts';

/** No call of the engine takes longer, an image's build least of all. */
const CALL_BOUND_MS = 120_000;

/** Containers of one test file. Disposing removes them with their networks and volumes, whatever became of them. */
export interface Containers extends AsyncDisposable {
  /** Creates and starts a container with `docker run --detach`; the name is this file's own. */
  run(name: string, ...args: readonly string[]): Promise<string>;
  /** The name by which the engine knows a container, network or volume of this file. */
  named(name: string): string;
  /** Where a published port of a container is, as `{host, port}`. */
  address(container: string, port: number): Promise<{readonly host: string; readonly port: number}>;
}

/** Runs `docker <args>` to its end, whatever the exit code. */
export async function docker(...args: readonly string[]): Promise<Finished> {
  const {exitCode, stdout, stderr} = await execa('docker', args, {reject: false, timeout: CALL_BOUND_MS});
  return {exitCode, stdout, stderr};
}

/** The same, for what has to succeed. */
export async function dockerDoes(...args: readonly string[]): Promise<string> {
  const {exitCode, stdout, stderr} = await docker(...args);
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')} failed with ${exitCode}: ${stderr}`);
  return stdout;
}

/** Leaves the test out where no engine answers or it does not have these images. */
export async function requireImages(context: TestContext, ...images: readonly string[]): Promise<void> {
  requireTool(context, 'docker');
  for (const image of images) {
    const {exitCode} = await docker('image', 'inspect', image);
    if (exitCode !== 0) leaveOut(context, `the engine has no ${image}, which \`node scripts/engine.js images\` builds`);
  }
}

export function openContainers(): Containers {
  const prefix = `teralab-test-${randomBytes(4).toString('hex')}`;
  const named = (name: string): string => `${prefix}-${name}`;
  return {
    named,
    run: async (name, ...args) => {
      await dockerDoes('run', '--detach', '--name', named(name), ...args);
      return named(name);
    },
    address: async (container, port) => {
      const [host = '', outside = ''] =
        (await dockerDoes('port', container, `${port}/tcp`)).split('\n')[0]?.split(':') ?? [];
      return {host, port: Number(outside)};
    },
    [Symbol.asyncDispose]: async () => {
      const filter = ['--quiet', '--filter', `name=${prefix}`];
      await removeAll(['ps', '--all', ...filter], ['rm', '--force', '--volumes']);
      await removeAll(['network', 'ls', ...filter], ['network', 'rm']);
      await removeAll(['volume', 'ls', ...filter], ['volume', 'rm', '--force']);
    },
  };
}

async function removeAll(list: readonly string[], remove: readonly string[]): Promise<void> {
  const {stdout} = await docker(...list);
  const found = stdout.split('\n').filter(line => line !== '');
  if (found.length > 0) await docker(...remove, ...found);
}
