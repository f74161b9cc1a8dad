import type {Duplex} from 'node:stream';
import type {Engine} from '../docker/engine.ts';
import type {Tunnel} from '../docker/tunnel.ts';
import {openMachineEngine} from './machine-engine.ts';
import type {Machine} from './manager.ts';
import {STEWARD_PORT, type Stewards} from './stewards.ts';
import {tasksOf} from './tasks.ts';

const OPEN_WITHIN_MS = 3_000;
const AGAIN_AFTER_MS = 100;

/** A machine that nodes can run on, and its engine. */
export interface ReachedMachine {
  readonly id: string;
  readonly name: string;
  readonly engine: Engine;
  /** Whether the manager has not given it up. */
  readonly isThere: boolean;
  /** Settles when the manager gives it up; another promise once it has come back. */
  readonly lost: Promise<void>;
}

/** The same, for who hears what the manager says of it. */
export interface WatchedMachine extends ReachedMachine {
  /** Without an entry of the manager's the machine has left the swarm. */
  update(entry: Machine | undefined): void;
  close(): void;
}

/** The engine of the manager's own machine needs no steward. */
export function ownMachine({id, name}: Machine, engine: Engine): WatchedMachine {
  return watched({id, name}, engine, () => undefined);
}

/** A machine whose engine is reached through its steward. */
export function stewardedMachine(
  {id, name}: Machine,
  {manager, tunnel, stewards}: {readonly manager: Engine; readonly tunnel: Tunnel; readonly stewards: Stewards},
): WatchedMachine {
  let address: string | undefined;
  const find = async (): Promise<string> => {
    const tasks = await tasksOf(manager, [stewards.service]);
    const found = tasks.find(task => task.machine === id && task.state === 'running' && task.isWanted)?.addresses[0];
    if (found === undefined) throw Object.assign(new Error(`no steward runs on ${name} now`), {code: 'ECONNREFUSED'});
    return found;
  };
  const open = async (): Promise<Duplex> => {
    const until = Date.now() + OPEN_WITHIN_MS;
    for (;;) {
      try {
        // Its address changes with each start of it, and one that has just started does not listen yet.
        address ??= await find();
        return await tunnel.open({host: address, port: STEWARD_PORT});
      } catch (error) {
        address = undefined;
        if (Date.now() > until) throw error;
      }
      await new Promise(resolve => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  };
  const {engine, close} = openMachineEngine(open, stewards.key);
  return watched({id, name}, engine, () => {
    address = undefined;
    close();
  });
}

function watched(
  {id, name}: {readonly id: string; readonly name: string},
  engine: Engine,
  disconnect: () => void,
): WatchedMachine {
  let loss = newLoss();
  return {
    id,
    name,
    engine,
    get isThere() {
      return !loss.happened;
    },
    get lost() {
      return loss.promise;
    },
    update: entry => {
      const isThere = entry?.isReady === true;
      if (!isThere && !loss.happened) {
        loss.happen();
        disconnect();
      }
      if (isThere && loss.happened) loss = newLoss();
    },
    close: disconnect,
  };
}

interface Loss {
  readonly promise: Promise<void>;
  happened: boolean;
  happen(): void;
}

function newLoss(): Loss {
  let resolve: () => void = () => undefined;
  const loss: Loss = {
    promise: new Promise(settle => {
      resolve = settle;
    }),
    happened: false,
    happen: () => {
      loss.happened = true;
      resolve();
    },
  };
  return loss;
}
