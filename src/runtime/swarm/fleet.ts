import {LabError} from '../../errors.ts';
import {engineError} from '../docker/engine.ts';
import type {Named} from '../docker/labels.ts';
import {openTunnel, type Tunnel} from '../docker/tunnel.ts';
import {ownMachine, type ReachedMachine, stewardedMachine, type WatchedMachine} from './machines.ts';
import {listMachines, type Machine, type Manager} from './manager.ts';
import {
  ensureNetwork,
  ensureStewards,
  findStewards,
  STEWARD_TUNNEL,
  type Stewards,
  waitForStewards,
} from './stewards.ts';

/** How often the manager is asked which machines are there, in ms. It takes several times as long itself to find out. */
const LOOK_EVERY_MS = 1_000;

/** The machines of a swarm as one session uses them: its network over all of them, and a way to each one's engine. */
export interface Fleet {
  readonly manager: Manager;
  /** Id of the session's network. */
  readonly network: string;
  readonly tunnel: Tunnel;
  /** The address on the session's network from which the lab itself comes. */
  readonly entrance: string;
  /** The manager's own first. */
  readonly machines: readonly ReachedMachine[];
  /** Ends the connections; what is on the engines stays. */
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly session: Named;
  /** What stewards run: `steward.mjs`. */
  readonly program: () => Promise<Buffer>;
  readonly say: (line: string) => void;
}

/**
 * Opens a way to every machine that nodes can run on, and makes what is needed for that. Errors: ENGINE_MISSING, ENGINE_FAILED,
 * IMAGE_MISSING, NO_SWARM when the manager's own machine takes no tasks.
 */
export async function openFleet(manager: Manager, {session, program, say}: FleetOptions): Promise<Fleet> {
  const network = await ensureNetwork(manager.engine, session);
  const stewards = await ensureStewards(manager.engine, session, {network, program, say});
  return {...(await reach(manager, stewards, say)), network};
}

/** The same with the stewards that a session has, and nothing is made. Errors: NODE_GONE when there are none, and those of `openFleet`. */
export async function findFleet(manager: Manager, session: Named): Promise<Omit<Fleet, 'network'>> {
  const stewards = await findStewards(manager.engine, session);
  if (stewards === undefined) throw new LabError('NODE_GONE', `Session ${session.session} has no stewards any more.`);
  return reach(manager, stewards, () => undefined);
}

async function reach(
  manager: Manager,
  stewards: Stewards,
  say: (line: string) => void,
): Promise<Omit<Fleet, 'network'>> {
  const all = await listMachines(manager);
  for (const {name, isReady, unfit} of all) if (isReady && unfit !== undefined) say(`${name} is left out: ${unfit}`);
  const fit = all.filter(({isReady, unfit}) => isReady && unfit === undefined);
  const own = fit.find(({id}) => id === manager.machine);
  if (own === undefined) throw noTasks(all.find(({id}) => id === manager.machine));
  const {running, failed} = await waitForStewards(manager.engine, stewards, fit);
  for (const {id, name} of fit) if (failed.has(id)) say(`${name} is left out: ${failed.get(id)}`);
  const why = failed.get(own.id);
  if (why !== undefined)
    throw new LabError(
      /image/i.test(why) ? 'IMAGE_MISSING' : 'ENGINE_FAILED',
      `Nothing can be started on ${own.name}: ${why}.`,
    );
  const {container = '', address = ''} = running.get(own.id) ?? {};
  const tunnel = await openTunnel(manager.engine, container, STEWARD_TUNNEL);
  const machines: readonly WatchedMachine[] = fit
    .filter(({id}) => running.has(id))
    .map(machine =>
      machine.id === own.id
        ? ownMachine(machine, manager.engine)
        : stewardedMachine(machine, {manager: manager.engine, tunnel, stewards}),
    );
  const endWatch = watch(manager, machines);
  return {
    manager,
    tunnel,
    entrance: address,
    machines,
    close: async () => {
      endWatch();
      for (const machine of machines) machine.close();
      await tunnel.close();
    },
  };
}

function noTasks(own: Machine | undefined): LabError {
  const why = own?.unfit ?? 'it is not ready';
  return new LabError('NO_SWARM', `The manager's machine takes no tasks (${why}); the agent has to run there.`);
}

/** Tells machines what the manager says of them. A manager that does not answer tells nothing: its own machine may be busy. */
function watch(manager: Manager, machines: readonly WatchedMachine[]): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const entries = await listMachines(manager).catch((): readonly Machine[] | undefined => undefined);
    if (ended) return;
    if (entries !== undefined)
      for (const machine of machines) machine.update(entries.find(({id}) => id === machine.id));
    timer = setTimeout(() => void look(), LOOK_EVERY_MS);
  };
  timer = setTimeout(() => void look(), LOOK_EVERY_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** The machine of this id; `what` is said to be on it. Errors: MACHINE_LOST when it is not there. */
export function machineOf(fleet: Pick<Fleet, 'machines'>, id: string, what: string): ReachedMachine {
  const machine = fleet.machines.find(candidate => candidate.id === id);
  if (machine?.isThere === true) return machine;
  throw new LabError('MACHINE_LOST', `${what} on ${machine?.name ?? `machine ${id}`}, and that machine is not there.`);
}

/** What a machine's engine refuses, said with its name. */
export function machineError(error: unknown, {name}: ReachedMachine, what: string): unknown {
  return engineError(error, `${what} on ${name}`);
}
