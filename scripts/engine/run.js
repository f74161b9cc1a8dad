import {spawn} from 'node:child_process';
import {createWriteStream} from 'node:fs';
import {Refusal} from './refusal.js';

/** Lines of a failed command's output that are shown. */
const LINES_MAX = 15;

/**
 * Runs a command and returns what it printed. Errors: a Refusal with its last lines, unless `mayFail`, which returns undefined then.
 * `logFile` takes its output instead, for what prints a lot.
 */
export async function run(command, args, {env = {}, input, mayFail = false, logFile} = {}) {
  const child = spawn(command, args, {
    env: {...process.env, ...env},
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const log = logFile === undefined ? undefined : createWriteStream(logFile);
  let printed = '';
  let last = '';
  child.stdout.on('data', chunk => {
    log?.write(chunk);
    printed += chunk;
    last = (last + chunk).slice(-10_000);
  });
  child.stderr.on('data', chunk => {
    log?.write(chunk);
    last = (last + chunk).slice(-10_000);
  });
  // A command that ends without reading all of it says so with its exit code.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const outcome = await new Promise(resolve => {
    child.once('error', error => resolve(error.code === 'ENOENT' ? 'it is not installed' : error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  log?.end();
  if (outcome === undefined) return printed;
  if (mayFail) return undefined;
  const lines = last.trimEnd().split('\n').slice(-LINES_MAX).join('\n');
  throw new Refusal(`\`${[command, ...args].join(' ')}\` failed: ${outcome}.${lines === '' ? '' : `\n${lines}`}`);
}

/** Asks an engine through the docker command. */
export async function docker(host, args, options = {}) {
  return run('docker', args, {...options, env: {...options.env, DOCKER_HOST: host, DOCKER_CONTEXT: ''}});
}

/** The version of the engine that answers there, or undefined. */
export async function engineVersion(host) {
  const version = await docker(host, ['version', '--format', '{{.Server.Version}}'], {mayFail: true});
  return version?.trim() || undefined;
}
