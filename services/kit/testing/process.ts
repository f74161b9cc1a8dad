import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import {build} from 'esbuild';
import type {ControlCommand, ControlReport} from '../environment.ts';

/** A service in a process of its own, as a runtime starts it: bundled, with a control channel. */
export interface ServiceProcess extends AsyncDisposable {
  /** Its base URL once it is ready, or only listening; rejects when it ends before. */
  url(when?: 'ready' | 'listening'): Promise<string>;
  readonly child: ChildProcess;
  readonly reports: readonly ControlReport[];
  /** Its log so far, parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  readonly exited: Promise<{readonly code: number | null; readonly signal: string | null}>;
  tell(command: ControlCommand): void;
  /** Closes this end of the control channel, as the death of a supervisor does. */
  hangUp(): void;
  /** Settles when `condition` holds; rejects after ten seconds. */
  until(condition: () => boolean): Promise<void>;
}

/** Bundles a service's entry as the release does and returns the bundle's path; `remove` it afterwards. */
export async function bundleService(entry: string): Promise<{readonly file: string; remove(): Promise<void>}> {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-service-'));
  const file = join(folder, 'service.mjs');
  const js = "import {createRequire as __cr} from 'node:module';const require=__cr(import.meta.url);";
  // A source map of all that is bundled would cost the process more memory than its code does.
  await build({...BUNDLED, entryPoints: [entry], outfile: file, banner: {js}, sourcemap: false});
  return {file, remove: () => rm(folder, {recursive: true, force: true})};
}

/** Builds a module for a seam as the controller does. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({...BUNDLED, entryPoints: [entry], outfile, sourcemap: 'inline'});
}

const BUNDLED = {bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'silent'} as const;

export function spawnService(file: string, env: Readonly<Record<string, string>> = {}): ServiceProcess {
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: {PATH: process.env.PATH ?? '', PORT: '0', CONTROL_FD: '3', ...env},
  });
  const control = child.stdio[3] as Duplex;
  const reports: ControlReport[] = [];
  const log: Readonly<Record<string, unknown>>[] = [];
  let ended: {code: number | null; signal: string | null} | undefined;
  control.on('error', () => undefined);
  control.write(`${JSON.stringify({type: 'secret', secret: 'of-the-test'} satisfies ControlCommand)}\n`);
  const lines = createInterface({input: control});
  lines.on('line', line => reports.push(JSON.parse(line) as ControlReport));
  // One that ends before it has read what it was told resets the pipe; the interface repeats the error of its input.
  lines.on('error', () => undefined);
  if (child.stdout !== null)
    createInterface({input: child.stdout}).on('line', line => log.push(JSON.parse(line) as Record<string, unknown>));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => log.push({stderr: text}));
  const exited = once(child, 'close').then(([code, signal]) => {
    ended = {code, signal};
    return ended;
  });
  async function until(condition: () => boolean): Promise<void> {
    for (const end = Date.now() + 10_000; !condition(); await sleep(5)) {
      if (Date.now() > end) throw new Error(`The condition did not come true. Log: ${JSON.stringify(log)}`);
    }
  }
  return {
    child,
    reports,
    log,
    exited,
    until,
    async url(when = 'ready') {
      await until(() => ended !== undefined || log.some(({msg}) => msg === when));
      const address = log.find(({msg}) => msg === 'listening')?.address;
      if (ended !== undefined || typeof address !== 'string')
        throw new Error(`The service ended: ${JSON.stringify({ended, log})}`);
      return address;
    },
    tell: command => void control.write(`${JSON.stringify(command)}\n`),
    hangUp: () => void control.destroy(),
    async [Symbol.asyncDispose]() {
      if (ended === undefined) child.kill('SIGKILL');
      await exited;
    },
  };
}
