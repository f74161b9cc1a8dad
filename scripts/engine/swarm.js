import {existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {endDaemon, startDaemon} from './daemon.js';
import {requireEngine} from './endpoint.js';
import {imageId, STAND_IN_TAGS} from './images.js';
import {ENGINE_PROGRAMS} from './own-engine.js';
import {installMissing, requireRoot} from './packages.js';
import {Refusal} from './refusal.js';
import {docker, engineVersion} from './run.js';
import {say} from './say.js';
import {addHost, addSwitch, hostOf, recordSwitch, removeHost, removeSwitch} from './swarm-network.js';

const HOSTS = [1, 2, 3];
const READY_WITHIN_MS = 60_000;
/**
 * A name of its own, which is the node's; a /run, because engines keep sockets there; an /etc/docker, because they keep a key there. The
 * rest of the machine is shared.
 */
const OWN_PLACE =
  'hostname "$1" && shift && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/docker && exec "$@"';

/**
 * Starts three engines on this machine, each in a network namespace of its own, makes them a swarm and gives them the images of the engine.
 * Prints `DOCKER_HOST=` of the manager, then `WORKER=` of each worker. Either all of it is there when it returns, or nothing.
 */
export async function startSwarm({folder, host, image: extra}) {
  requireRoot('A swarm on one machine');
  const images = [...STAND_IN_TAGS, ...extra];
  const source = await requireEngine({folder, host});
  for (const image of images) {
    if ((await imageId(source, image)) !== undefined) continue;
    throw new Refusal(
      `The engine has no image ${image} to load into the swarm. \`node scripts/engine.js images\` builds the stand-ins.`,
    );
  }
  if (await isUp(folder)) say('the swarm is up');
  else {
    await installMissing({...ENGINE_PROGRAMS, nsenter: 'util-linux', unshare: 'util-linux', hostname: 'hostname'});
    await removeAll(folder);
    try {
      await startAll(folder);
    } catch (error) {
      await removeAll(folder);
      throw error;
    }
  }
  await loadImages(folder, source, images);
  const [manager, ...workers] = HOSTS.map(number => endpointOf(folder, number));
  process.stdout.write([`DOCKER_HOST=${manager}`, ...workers.map(worker => `WORKER=${worker}`), ''].join('\n'));
}

/** Removes the swarm's engines with all that they hold, their network and their files. Does nothing twice. */
export async function stopSwarm({folder}) {
  requireRoot('Removing the swarm');
  if (!existsSync(swarmFolder(folder))) {
    say('there is no swarm');
    return;
  }
  await removeAll(folder);
  say('the swarm is gone');
}

async function startAll(folder) {
  mkdirSync(swarmFolder(folder), {recursive: true});
  writeFileSync(recordFile(folder), JSON.stringify(await recordSwitch()));
  say('starting three engines');
  await addSwitch();
  for (const number of HOSTS) await addHost(number);
  const addresses = await Promise.all(HOSTS.map(async number => startHost(folder, number)));
  const [manager, ...workers] = HOSTS.map(number => endpointOf(folder, number));
  await docker(manager, ['swarm', 'init', '--advertise-addr', addresses[0]]);
  const token = (await docker(manager, ['swarm', 'join-token', '--quiet', 'worker'])).trim();
  for (const worker of workers) await docker(worker, ['swarm', 'join', '--token', token, `${addresses[0]}:2377`]);
  const end = Date.now() + READY_WITHIN_MS;
  while (!(await isUp(folder))) {
    if (Date.now() > end)
      throw new Refusal(`Not all nodes of the swarm were ready within ${READY_WITHIN_MS / 1000} s.`);
    await pause(200);
  }
  say('they are a swarm');
}

async function startHost(folder, number) {
  const {address, namespace} = hostOf(number);
  await startDaemon(hostFolder(folder, number), {
    prefix: [
      ...['nsenter', `--net=/run/netns/${namespace}`],
      ...['unshare', '--mount', '--uts', 'sh', '-c', OWN_PLACE, 'sh', namespace],
    ],
    // What runs there is removed with it: nothing is worth waiting for.
    args: ['--shutdown-timeout', '2', '--host', 'unix:///run/docker.sock'],
    cgroup: cgroupOf(number),
  });
  return address;
}

async function removeAll(folder) {
  await Promise.all(HOSTS.map(async number => endDaemon(hostFolder(folder, number), cgroupOf(number))));
  for (const number of HOSTS) await removeHost(number);
  if (existsSync(recordFile(folder))) await removeSwitch(JSON.parse(readFileSync(recordFile(folder), 'utf8')));
  rmSync(swarmFolder(folder), {recursive: true, force: true});
}

async function isUp(folder) {
  const endpoints = HOSTS.map(number => endpointOf(folder, number));
  for (const endpoint of endpoints) if ((await engineVersion(endpoint)) === undefined) return false;
  const states = await docker(endpoints[0], ['node', 'ls', '--format', '{{.Status}}'], {mayFail: true});
  return states?.trim() === HOSTS.map(() => 'Ready').join('\n');
}

/** Nodes of a swarm get images from a registry; where there is none, each has to have them before. */
async function loadImages(folder, source, images) {
  const wanted = await Promise.all(images.map(async image => imageId(source, image)));
  const archive = join(swarmFolder(folder), 'images.tar');
  for (const number of HOSTS) {
    const endpoint = endpointOf(folder, number);
    const there = await Promise.all(images.map(async image => imageId(endpoint, image)));
    if (there.every((id, index) => id === wanted[index])) continue;
    if (!existsSync(archive)) await docker(source, ['save', '--output', archive, ...images]);
    say(`loading images into engine ${number}`);
    await docker(endpoint, ['load', '--quiet', '--input', archive]);
  }
  rmSync(archive, {force: true});
}

function swarmFolder(folder) {
  return join(folder, 'swarm');
}

function hostFolder(folder, number) {
  return join(swarmFolder(folder), `h${number}`);
}

function endpointOf(folder, number) {
  return `unix://${join(hostFolder(folder, number), 'docker.sock')}`;
}

function recordFile(folder) {
  return join(swarmFolder(folder), 'network-before.json');
}

function cgroupOf(number) {
  return `teralab-swarm-h${number}`;
}
