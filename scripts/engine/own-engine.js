import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {endDaemon, startDaemon} from './daemon.js';
import {chosenEndpoint, ownEndpoint} from './endpoint.js';
import {imageId, STAND_IN_TAGS} from './images.js';
import {recordNetwork, undoNetwork} from './network-traces.js';
import {installMissing, requireRoot} from './packages.js';
import {engineProcesses} from './process-tree.js';
import {Refusal} from './refusal.js';
import {docker, engineVersion} from './run.js';
import {say} from './say.js';

const CGROUP = 'teralab-engine';
/** Two engines in one network would undo each other's rules, so one that answers here is used. */
const MACHINES_OWN = 'unix:///var/run/docker.sock';

/** What an engine needs, as program and Debian package. */
export const ENGINE_PROGRAMS = {
  dockerd: 'docker.io',
  docker: 'docker.io',
  'docker-init': 'docker.io',
  iptables: 'iptables',
  nft: 'nftables',
  ip: 'iproute2',
};

/** Prints the DOCKER_HOST of an engine that answers: the chosen one, or one that it starts. */
export async function startEngine({folder, host}) {
  const chosen = chosenEndpoint({host});
  for (const endpoint of chosen === undefined ? [ownEndpoint(folder), MACHINES_OWN] : [chosen]) {
    const version = await engineVersion(endpoint);
    if (version === undefined) continue;
    say(`an engine answers at ${endpoint} (${version}); it is used`);
    printEndpoint(endpoint);
    return;
  }
  if (chosen !== undefined && chosen !== ownEndpoint(folder)) {
    throw new Refusal(
      `No container engine answers at ${chosen}, which was chosen. Start it, or unset DOCKER_HOST to have one started here.`,
    );
  }
  requireRoot('Starting a container engine');
  await installMissing(ENGINE_PROGRAMS);
  mkdirSync(folder, {recursive: true, mode: 0o711});
  // An engine that was killed left its changes: the record of the time before it still holds.
  if (!existsSync(recordFile(folder))) writeFileSync(recordFile(folder), JSON.stringify(await recordNetwork()));
  say('starting an engine');
  const endpoint = await startDaemon(folder, {cgroup: CGROUP}).catch(async error => {
    await undoChanges(folder);
    throw error;
  });
  say(`it answers (${await engineVersion(endpoint)})`);
  printEndpoint(endpoint);
}

/** Ends the engine that `start` started, with its containers, networks and volumes. Images and caches stay unless `purge` is given. */
export async function stopEngine({folder, purge}) {
  requireRoot('Stopping the container engine');
  if (!existsSync(recordFile(folder)) && engineProcesses(folder).length === 0) {
    say('none of ours runs');
  } else {
    await emptyEngine(folder);
    await endDaemon(folder, CGROUP);
    await undoChanges(folder);
    say('stopped');
  }
  if (purge) rmSync(folder, {recursive: true, force: true});
}

/** Says which engine answers and which images it has. Exit code 1 where none answers. */
export async function printStatus({folder, host}) {
  const endpoint = chosenEndpoint({host}) ?? ownEndpoint(folder);
  const version = await engineVersion(endpoint);
  if (version === undefined) {
    say(`no engine answers at ${endpoint}`);
    process.exitCode = 1;
    return;
  }
  say(`an engine answers (${version})`);
  for (const tag of STAND_IN_TAGS) {
    const id = await imageId(endpoint, tag);
    say(`${tag}: ${id === undefined ? 'is missing' : 'is there'}`);
  }
  printEndpoint(endpoint);
}

/** One that was killed is started again for it: nobody else knows all that belongs to it. */
async function emptyEngine(folder) {
  const endpoint = ownEndpoint(folder);
  try {
    if ((await engineVersion(endpoint)) === undefined) await startDaemon(folder, {cgroup: CGROUP});
    await removeContents(endpoint);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(`its contents could not be removed, and stay for the next one: ${error.message}`);
  }
}

async function removeContents(endpoint) {
  const containers = (await docker(endpoint, ['ps', '--all', '--quiet'])).split('\n').filter(Boolean);
  if (containers.length > 0) await docker(endpoint, ['rm', '--force', '--volumes', ...containers]);
  await docker(endpoint, ['swarm', 'leave', '--force'], {mayFail: true});
  await docker(endpoint, ['network', 'prune', '--force']);
  const volumes = (await docker(endpoint, ['volume', 'ls', '--quiet'])).split('\n').filter(Boolean);
  if (volumes.length > 0) await docker(endpoint, ['volume', 'rm', '--force', ...volumes]);
}

async function undoChanges(folder) {
  const record = recordFile(folder);
  if (!existsSync(record)) return;
  await undoNetwork(JSON.parse(readFileSync(record, 'utf8')));
  rmSync(record);
}

function printEndpoint(endpoint) {
  process.stdout.write(`DOCKER_HOST=${endpoint}\n`);
}

function recordFile(folder) {
  return join(folder, 'network-before.json');
}
