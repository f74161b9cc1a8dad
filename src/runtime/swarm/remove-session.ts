import {type Engine, engineError, statusOf} from '../docker/engine.ts';
import {NODE_LABEL, ofSession} from '../docker/labels.ts';
import type {EngineRecord} from '../runtime.ts';
import {waitUntil} from '../wait.ts';
import {configsOf} from './configs.ts';
import {type Fleet, openFleet} from './fleet.ts';
import type {ReachedMachine} from './machines.ts';
import {listMachines, openManager} from './manager.ts';
import {servicesOf} from './services.ts';
import {STEWARD_NAME} from './stewards.ts';
import {isStarting, tasksOfSession} from './tasks.ts';

/** Engines remove what runs within a few seconds; this (ms) is a bound against hanging. */
const GONE_WITHIN_MS = 45_000;
const LOOK_EVERY_MS = 100;

/**
 * Removes what a session has left on a swarm, by its label and nothing else. Safe to repeat. Returns the ids of machines that still have
 * something, and are not there now. Errors: NO_SWARM, ENGINE_MISSING, ENGINE_FAILED.
 */
export async function removeSwarmSession(
  record: EngineRecord,
  session: string,
  {program, say}: {readonly program: () => Promise<Buffer>; readonly say: (line: string) => void},
): Promise<readonly string[]> {
  const manager = await openManager(record);
  const machines = await listMachines(manager);
  // Who has left the swarm has taken along what it had.
  const concerned = machines.filter(({id}) => record.machines?.includes(id));
  const left = async (): Promise<boolean> => isOnManager(manager.engine, session);
  if (!concerned.some(({isReady}) => isReady) && !(await left())) return concerned.map(({id}) => id);
  const fleet = await openFleet(manager, {session: {session}, program, say});
  try {
    return await removeFromSwarm(
      fleet,
      session,
      concerned.map(({id}) => id),
    );
  } finally {
    await fleet.close();
  }
}

/**
 * Removes everything of a session from the machines that are there, the ways to them last. Returns the ids of those among `concerned`
 * that are not. Errors: ENGINE_FAILED when something cannot be removed, ENGINE_MISSING.
 */
export async function removeFromSwarm(
  fleet: Fleet,
  session: string,
  concerned: readonly string[],
): Promise<readonly string[]> {
  const {engine} = fleet.manager;
  const services = await servicesOf(engine, session);
  const stewards = services.filter(({node}) => node === STEWARD_NAME);
  await removeEach(
    services.filter(({node}) => node !== STEWARD_NAME),
    async ({id}) => engine.getService(id).remove(),
  );
  const isSteward = (service: string): boolean => stewards.some(({id}) => id === service);
  await cleared(async () => {
    const there = fleet.machines.filter(({isThere}) => isThere);
    const found = await Promise.all(there.map(async machine => clearMachine(machine, session)));
    const tasks = await tasksOfSession(engine, session);
    // What was about to start could still make a container, and with it a volume. On a machine that is not there it ends once it is back.
    const starting = tasks.filter(
      task => !isSteward(task.service) && isStarting(task) && there.some(({id}) => id === task.machine),
    );
    return found.every(isClear => isClear) && starting.length === 0;
  });
  const reached = fleet.machines.filter(({isThere}) => isThere).map(({id}) => id);
  // An engine that stops a task waits until all others have heard of it; one that finds it ended does not.
  const [own, ...others] = fleet.machines;
  await Promise.all(others.map(async machine => killSteward(machine, session).catch(() => undefined)));
  // The way to the others leads through this one.
  if (own !== undefined) await killSteward(own, session).catch(() => undefined);
  await removeEach(stewards, async ({id}) => engine.getService(id).remove());
  await cleared(async () => {
    const tasks = await tasksOfSession(engine, session);
    if (tasks.some(({machine}) => reached.includes(machine))) return false;
    await removeEach([...(await configsOf(engine, session)).values()], async id => engine.getConfig(id).remove());
    await removeEach(await engine.listNetworks(ofSession(session)), async ({Id}) => engine.getNetwork(Id).remove());
    return !(await isOnManager(engine, session));
  });
  return concerned.filter(id => !reached.includes(id));
}

/** Removes containers of a machine, then volumes. Returns whether there was nothing any more. A machine that is lost meanwhile is clear. */
async function clearMachine(machine: ReachedMachine, session: string): Promise<boolean> {
  const {engine} = machine;
  try {
    const containers = (await engine.listContainers({all: true, ...ofSession(session)})).filter(
      ({Labels}) => Labels[NODE_LABEL] !== STEWARD_NAME,
    );
    await removeEach(containers, async ({Id}) => engine.getContainer(Id).remove({force: true, v: true}));
    const {Volumes: volumes} = await engine.listVolumes(ofSession(session));
    await removeEach(volumes ?? [], async ({Name}) => engine.getVolume(Name).remove({force: true}));
    return containers.length === 0 && (volumes ?? []).length === 0;
  } catch (error) {
    if (!machine.isThere) return true;
    // Its connection broke; what is left there is looked for again.
    if (statusOf(error) === undefined) return false;
    throw engineError(error, `what is left on ${machine.name} could not be removed`);
  }
}

/** It leads to the engine that is told to kill it: no answer is to be expected. */
async function killSteward({engine, isThere}: ReachedMachine, session: string): Promise<void> {
  if (!isThere) return;
  const stewards = (await engine.listContainers(ofSession(session))).filter(
    ({Labels}) => Labels[NODE_LABEL] === STEWARD_NAME,
  );
  await Promise.all(stewards.map(async ({Id}) => engine.getContainer(Id).kill({signal: 'SIGKILL'})));
}

/** Removes each; what has gone meanwhile, is going, or is still held by what is going, is left to the next look. */
async function removeEach<T>(things: readonly T[], remove: (thing: T) => Promise<unknown>): Promise<void> {
  await Promise.all(
    things.map(async thing => {
      try {
        await remove(thing);
      } catch (error) {
        if (![404, 409].includes(statusOf(error) ?? 0) && !/in use|active endpoints/i.test(String(error))) throw error;
      }
    }),
  );
}

/** What goes while the engine lists or removes it is refused with an error of its own, and is looked for again. */
function whenGoing(error: unknown): false {
  if (/not found|no such/i.test(String(error))) return false;
  throw error;
}

async function isOnManager(engine: Engine, session: string): Promise<boolean> {
  const lists = await Promise.all([
    servicesOf(engine, session),
    engine.listNetworks(ofSession(session)),
    engine.listContainers({all: true, ...ofSession(session)}),
    configsOf(engine, session).then(configs => [...configs.keys()]),
  ]);
  return lists.some(list => list.length > 0);
}

async function cleared(look: () => Promise<boolean>): Promise<void> {
  const lookAgain = async (): Promise<boolean> => look().catch(whenGoing);
  if (await waitUntil(lookAgain, GONE_WITHIN_MS, LOOK_EVERY_MS)) return;
  throw engineError(
    Object.assign(new Error(`it was not gone after ${GONE_WITHIN_MS / 1000} s`), {statusCode: 409}),
    'what the session has made could not be removed from the swarm',
  );
}
