import type {FaultNodes} from './nodes.ts';

export type Hold = 'down' | 'paused';

/** Which faults hold which nodes down or paused. A node goes on when the last of them ends; down goes before paused. */
export interface Holds {
  hold(node: string, how: Hold, fault: string): Promise<void>;
  release(node: string, how: Hold, fault: string): Promise<void>;
  /** Ids of the faults that hold a node, in any way. */
  holders(node: string): readonly string[];
  /** Forgets all holds that keep nodes down, and resumes what is paused. */
  releasePauses(): Promise<void>;
  stop(): void;
}

interface Held {
  readonly down: Set<string>;
  readonly paused: Set<string>;
  /** What was done to the node so far. */
  applied: 'running' | Hold;
}

export function createHolds(nodes: FaultNodes): Holds {
  const held = new Map<string, Held>();
  const queues = new Map<string, Promise<void>>();

  const heldOf = (node: string): Held => {
    const known = held.get(node);
    if (known !== undefined) return known;
    const fresh: Held = {down: new Set(), paused: new Set(), applied: 'running'};
    held.set(node, fresh);
    return fresh;
  };

  /** One change of a node at a time, each from how it stands by then. */
  const reconcile = (node: string): Promise<void> => {
    const done = (queues.get(node) ?? Promise.resolve()).then(() => settle(node, heldOf(node)));
    queues.set(
      node,
      done.catch(() => {}),
    );
    return done;
  };

  const settle = async (node: string, state: Held): Promise<void> => {
    if (state.down.size > 0) {
      if (state.applied !== 'down') await nodes.kill(node);
      state.applied = 'down';
      return;
    }
    if (state.applied === 'down') {
      state.applied = 'running';
      await nodes.start(node);
    }
    const isPaused = nodes.state(node) === 'paused';
    if (state.paused.size > 0) {
      if (!isPaused && isAlive(nodes, node)) await nodes.pause(node);
      state.applied = 'paused';
      return;
    }
    if (state.applied === 'paused' && isPaused) await nodes.resume(node);
    state.applied = 'running';
  };

  // A node that was started anew while a pause is in force is paused again.
  const unwatch = nodes.watch(({node, type}) => {
    if (type === 'ready' && (held.get(node)?.paused.size ?? 0) > 0) reconcile(node).catch(() => {});
  });

  return {
    hold: async (node, how, fault) => {
      heldOf(node)[how].add(fault);
      try {
        await reconcile(node);
      } catch (error) {
        heldOf(node)[how].delete(fault);
        throw error;
      }
    },
    release: async (node, how, fault) => {
      heldOf(node)[how].delete(fault);
      await reconcile(node);
    },
    holders: node => [...(held.get(node)?.down ?? []), ...(held.get(node)?.paused ?? [])],
    releasePauses: async () => {
      await Promise.allSettled(queues.values());
      for (const [node, state] of held) {
        state.paused.clear();
        if (nodes.state(node) === 'paused') await nodes.resume(node).catch(() => {});
      }
      held.clear();
    },
    stop: unwatch,
  };
}

function isAlive(nodes: FaultNodes, node: string): boolean {
  return !['crashed', 'stopped'].includes(nodes.state(node));
}
