import type {Clock} from './clock.ts';
import type {Entry, KeyValue} from './key-value.ts';

/** Which nodes of a service are registered. */
export interface Registry {
  /**
   * Asks now: one round trip. Rejects when the registry is away, and hangs up to three seconds when it is silent. A node whose entry has
   * not been renewed for its time, on this process's own clock, is left out, as is one that was taken out of service.
   */
  nodes(service: string): Promise<readonly string[]>;
  /** Which release of the service a node runs, as it was registered when `nodes` asked last. Asks nobody. */
  releaseOf(service: string, node: string): string | undefined;
}

/** What stands in the registry for an instance. Where to reach it is not among it: that is for the links of each caller. */
export interface Instance {
  readonly node: string;
  /** Not renewed for so long, it counts as gone, ms. */
  readonly ttlMs: number;
  /** Which release of the service it is, where several are rolled out. */
  readonly release?: string;
  /** An operator has taken it out of service: it runs, and is to get no requests. The instance leaves such an entry as it is. */
  readonly out?: boolean;
}

/** The space that holds it. */
export const REGISTRY_SPACE = 'registry';

export function instanceKey(service: string, node: string): string {
  return `instances/${service}/${node}`;
}

/**
 * Reads the registry. Nothing expires on the server: that an entry has another revision than before is its sign of life. When the registry was
 * away nobody could give one, so everybody has his whole time again.
 */
export function createRegistry(space: Pick<KeyValue, 'entries'>, clock: Clock): Registry {
  const seen = new Map<string, {readonly revision: number; readonly since: number}>();
  const releases = new Map<string, string | undefined>();
  let wasAway = false;

  async function look(prefix: string): Promise<readonly Entry[]> {
    try {
      const entries = await space.entries(prefix);
      if (wasAway) seen.clear();
      wasAway = false;
      return entries;
    } catch (error) {
      wasAway = true;
      throw error;
    }
  }

  return {
    async nodes(service) {
      const prefix = instanceKey(service, '');
      const entries = await look(prefix);
      const now = clock.monotonic();
      return entries.flatMap(({key, value, revision}) => {
        const known = seen.get(key);
        const since = known?.revision === revision ? known.since : now;
        seen.set(key, {revision, since});
        const instance = readInstance(value);
        releases.set(key, instance?.release);
        const isLive = instance !== undefined && instance.out !== true && now - since < instance.ttlMs;
        return isLive && key === prefix + instance.node ? [instance.node] : [];
      });
    },
    releaseOf: (service, node) => releases.get(instanceKey(service, node)),
  };
}

export function readInstance(value: unknown): Instance | undefined {
  const {node, ttlMs, out, release} = (value ?? {}) as Partial<Record<keyof Instance, unknown>>;
  if (typeof node !== 'string' || typeof ttlMs !== 'number') return undefined;
  return {node, ttlMs, ...(typeof release === 'string' ? {release} : {}), ...(out === true ? {out} : {})};
}
