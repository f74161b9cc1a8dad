import {type SessionNodes, sessionNodesOn} from '../docker/session-nodes.ts';
import type {EngineRecord} from '../runtime.ts';
import {findFleet} from './fleet.ts';
import {openManager} from './manager.ts';

/** Nodes of a session whose controller is gone, on whichever machine. Errors: NODE_GONE when the session has been removed; those of engines. */
export async function openSwarmSessionNodes(record: EngineRecord, session: string): Promise<SessionNodes> {
  const fleet = await findFleet(await openManager(record), {session});
  const engines = fleet.machines.map(({engine}) => engine);
  return {...sessionNodesOn(engines, session), close: async () => fleet.close()};
}
