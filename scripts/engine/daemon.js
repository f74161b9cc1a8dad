import {spawn} from 'node:child_process';
import {mkdirSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {removeCgroups, thawCgroups, unmountAt} from './kernel-leftovers.js';
import {engineProcesses, isAlive} from './process-tree.js';
import {Refusal} from './refusal.js';
import {engineVersion} from './run.js';
import {say} from './say.js';

const ANSWERS_WITHIN_MS = 60_000;
/** The engine gives each container its grace period first. */
const ENDS_WITHIN_MS = 45_000;
const LOG_LINES_MAX = 15;

/**
 * Starts an engine with all that it keeps in one folder, detached, and returns its endpoint once it answers. Ends first what another one
 * has left there. `prefix` is a command that runs the engine's command line, which is given to it as arguments. Errors: a Refusal with the
 * last lines of its log.
 */
export async function startDaemon(folder, options) {
  mkdirSync(folder, {recursive: true});
  // What a killed one has left may run on and not answer. Its files do harm even alone: an engine that finds the number of its own process,
  // or of its containerd, takes any process with that number for it, even one that has ended and that nobody has waited for.
  await endDaemon(folder, options.cgroup);
  try {
    return await launch(folder, options);
  } catch (error) {
    if (!(error instanceof Refusal) || !dropTornNetworks(folder)) throw error;
    return launch(folder, options);
  }
}

/**
 * An engine that is killed while it writes a network down can be left with one that has no addresses, at which each later one panics
 * (moby's libnetwork, `reservePools`). All that can be done is to have it forget its networks. False where that is not what ended it.
 */
function dropTornNetworks(folder) {
  if (!readFileSync(logOf(folder), 'utf8').includes('libnetwork.(*controller).reservePools')) return false;
  say('its networks were being written when it was killed, and it cannot read them; it starts without them');
  rmSync(join(folder, 'data', 'network', 'files'), {recursive: true, force: true});
  return true;
}

async function launch(folder, {prefix = [], args = [], cgroup}) {
  // Not the machine's settings.
  writeFileSync(join(folder, 'daemon.json'), '{}\n');
  const endpoint = `unix://${join(folder, 'docker.sock')}`;
  const log = openSync(logOf(folder), 'w');
  const [command, ...rest] = [...prefix, 'dockerd', ...daemonArgs(folder, endpoint, cgroup), ...args];
  const child = spawn(command, rest, {
    detached: true,
    stdio: ['ignore', log, log],
    env: {...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`},
  });
  let failure;
  child.once('error', error => {
    failure = error.message;
  });
  child.once('exit', (code, signal) => {
    failure = `it ended with ${signal ?? `exit code ${code}`}`;
  });
  child.unref();
  const end = Date.now() + ANSWERS_WITHIN_MS;
  while ((await engineVersion(endpoint)) === undefined) {
    if (failure === undefined && Date.now() > end) failure = `it did not answer within ${ANSWERS_WITHIN_MS / 1000} s`;
    if (failure !== undefined) {
      const lines = readFileSync(logOf(folder), 'utf8').trimEnd().split('\n').slice(-LOG_LINES_MAX).join('\n');
      await endDaemon(folder, cgroup);
      throw new Refusal(`The container engine did not start: ${failure}. Its last lines:\n${lines}`);
    }
    await pause(100);
  }
  return endpoint;
}

function logOf(folder) {
  return join(folder, 'dockerd.log');
}

/** Ends an engine and whatever a killed one left: processes, mounts, control groups, sockets. Its data stay. Does nothing twice. */
export async function endDaemon(folder, cgroup) {
  const daemons = engineProcesses(folder).filter(({program}) => program === 'dockerd');
  for (const {pid} of daemons) process.kill(pid, 'SIGTERM');
  const end = Date.now() + ENDS_WITHIN_MS;
  while (daemons.some(isAlive) && Date.now() < end) await pause(50);
  const rest = engineProcesses(folder);
  for (const {pid} of rest) killIfThere(pid);
  thawCgroups(cgroup);
  while (rest.some(isAlive) && Date.now() < end + ENDS_WITHIN_MS) await pause(50);
  if (rest.some(isAlive))
    throw new Refusal(`These processes of the engine cannot be ended: ${rest.map(({pid}) => pid).join(', ')}.`);
  for (const name of ['exec', 'data']) await unmountAt(join(folder, name));
  removeCgroups(cgroup);
  for (const name of ['exec', 'docker.sock', 'dockerd.pid', 'daemon.json'])
    rmSync(join(folder, name), {recursive: true, force: true});
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function daemonArgs(folder, endpoint, cgroup) {
  return [
    ...['--host', endpoint],
    ...['--data-root', join(folder, 'data')],
    ...['--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'dockerd.pid')],
    ...['--config-file', join(folder, 'daemon.json')],
    // Control groups that can be told from another engine's.
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${cgroup}`],
  ];
}
