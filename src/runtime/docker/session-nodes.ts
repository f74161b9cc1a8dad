import {type Disturbance, type DisturbanceKind, isDoneByKit} from '../disturbance.ts';
import {calmOrder, orderOf} from '../kit-orders.ts';
import {clearOnEngine, isOnEngine, setOnEngine} from './container-disturber.ts';
import type {EngineEndpoint} from './endpoint.ts';
import {type Engine, engineError, openEngine, statusOf} from './engine.ts';
import {NODE_LABEL, ofSession} from './labels.ts';

/** Nodes of a session whose controller is gone, found by their labels. What is not there any more needs nothing undone. */
export interface SessionNodes {
  resume(node: string): Promise<void>;
  disarm(node: string): Promise<void>;
  calm(node: string, kind: DisturbanceKind): Promise<void>;
  disturb(node: string, disturbance: Disturbance): Promise<void>;
  /** Ends the connections that were opened for it. */
  close?(): Promise<void>;
}

/** Errors: ENGINE_MISSING, ENGINE_NOT_ALLOWED. */
export async function openSessionNodes(endpoint: EngineEndpoint, session: string): Promise<SessionNodes> {
  return sessionNodesOn([await openEngine(endpoint)], session);
}

/** Those nodes that one of these engines runs. */
export function sessionNodesOn(engines: readonly Engine[], session: string): SessionNodes {
  const withNode = async (
    node: string,
    work: (container: string, engine: Engine) => Promise<unknown>,
  ): Promise<void> => {
    await Promise.all(
      engines.map(async engine => {
        const containers = await engine.listContainers(ofSession(session));
        const found = containers.find(({Labels: labels}) => labels[NODE_LABEL] === node);
        if (found !== undefined) await work(found.Id, engine);
      }),
    );
  };
  return {
    resume: async node =>
      withNode(node, async (container, engine) => {
        await engine
          .getContainer(container)
          .unpause()
          .catch(error => {
            // It is not paused.
            if (statusOf(error) !== 409 && !/not paused/i.test(String(error)))
              throw engineError(error, `${node} could not be resumed`);
          });
      }),
    disarm: async node => withNode(node, async (container, engine) => tell(engine, container, {type: 'disarm'})),
    calm: async (node, kind) =>
      withNode(node, async (container, engine) =>
        isDoneByKit(kind)
          ? tell(engine, container, calmOrder(kind))
          : clearOnEngine({engine, container, session}, kind),
      ),
    disturb: async (node, disturbance) =>
      withNode(node, async (container, engine) => {
        if (isOnEngine(disturbance)) return setOnEngine({engine, container, session}, disturbance);
        return tell(engine, container, orderOf(disturbance, Date.now()));
      }),
  };
}

/** A command of the control channel, which services of containers read from their standard input. */
async function tell(engine: Engine, container: string, command: object): Promise<void> {
  const stream = await engine.getContainer(container).attach({stream: true, stdin: true, hijack: true});
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.write(`${JSON.stringify(command)}\n`, () => resolve());
  });
  stream.end();
}
