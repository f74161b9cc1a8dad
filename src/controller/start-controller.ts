import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {closeSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import type {Readable} from 'node:stream';
import {type ErrorData, fromErrorData, LabError} from '../errors.ts';
import {idleOptions} from '../idle-options.ts';
import {openLog} from '../runtime/log-file.ts';
import {SESSION_MARK} from '../runtime/process/leftovers.ts';
import {findEntries} from './entries.ts';

/** A new controller has to listen within this time, in ms: a bound against hanging. */
const LISTEN_WITHIN_MS = 30_000;
const LOG_LINES_SHOWN = 8;

/** What a controller says of its start: it listens; another one has the workspace; or why it cannot. */
export type Started = {readonly state: 'listening' | 'held'} | {readonly state: 'failed'; readonly error: ErrorData};

/**
 * Starts a controller of its own process group and returns what became of that. It goes on when this process ends, also half-way.
 * Errors: what the controller itself could not do; CONTROLLER_NOT_STARTED.
 */
export async function startController(workspace: string, logFile: string): Promise<'listening' | 'held'> {
  const log = openLog(logFile);
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--max-semi-space-size=4', ...idleOptions(), findEntries().controller, workspace],
    {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      env: {...process.env, [SESSION_MARK]: randomBytes(6).toString('hex'), TERALAB_STARTED_FD: '3'},
    },
  );
  closeSync(log);
  child.unref();
  const said = child.stdio[3] as Readable;
  let timer: NodeJS.Timeout | undefined;
  const started = await new Promise<Started | undefined>(resolve => {
    let text = '';
    said.setEncoding('utf8');
    said.on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) resolve(JSON.parse(text) as Started);
    });
    said.on('error', () => resolve(undefined));
    said.once('close', () => resolve(undefined));
    child.once('error', () => resolve(undefined));
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(undefined);
    }, LISTEN_WITHIN_MS);
  });
  clearTimeout(timer);
  said.destroy();
  if (started !== undefined && started.state !== 'failed') return started.state;
  if (started !== undefined && started.error.code !== 'INTERNAL') throw fromErrorData(started.error);
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
  // Its stack traces are in the log, for a bug report.
  const shown = lines.filter(line => !/^\s+at /.test(line)).slice(-LOG_LINES_SHOWN);
  throw new LabError('CONTROLLER_NOT_STARTED', `The controller did not start.\n${shown.join('\n')}`);
}
