import {LabError} from '../errors.ts';
import {ActiveToxic} from './active-toxic.ts';
import {createWallClock} from './clock.ts';
import type {Fabric, OpenProxy, ProxySpec, ToxicSpec} from './fabric.ts';
import {type FabricPlaces, LinkProxy, ON_LOOPBACK} from './link-proxy.ts';
import {probeProxy} from './probe.ts';
import {type LogPage, REQUEST_LOG_MAX, RequestLog} from './request-log.ts';
import {requirePossible, validateToxic} from './toxics/registry.ts';

/** The fabric on this thread. Its log can also be read in pages, so that a long one never holds up the links. */
export interface LocalFabric extends Fabric {
  requestPage(since: number, cursor: number): Promise<LogPage>;
}

const LOG_PAGE_LENGTH = 5_000;
/** Longest time that a timer of node can wait. */
const TIMER_MAX_MS = 2_147_483_647;

export function createFabric(places: FabricPlaces = ON_LOOPBACK): LocalFabric {
  const now = createWallClock();
  const log = new RequestLog();
  const proxies = new Map<string, LinkProxy>();
  const toxics = new Map<string, ActiveToxic>();
  const timers = new Map<string, NodeJS.Timeout>();
  /** Ids of toxics that were in force and are not any more: removing one again is no mistake. */
  const gone = new Set<string>();
  const down = new Set<string>();
  const opening = new Set<string>();

  const requireProxy = (name: string): LinkProxy => {
    const proxy = proxies.get(name);
    if (proxy === undefined) throw new LabError('UNKNOWN_TARGET', `There is no proxy \`${name}\`.`);
    return proxy;
  };
  const toxicsOf = (name: string): ActiveToxic[] =>
    [...toxics.values()].filter(({spec}) => spec.proxies.includes(name));

  /** One step between two events: first all checks, then all changes, with nothing awaited. Returns the proxies concerned. */
  const changeNow = (add: readonly ToxicSpec[], remove: readonly string[]): readonly LinkProxy[] => {
    const added = validateBatch(add, remove);
    const names = new Set(added.flatMap(toxic => toxic.spec.proxies));
    for (const id of remove) {
      for (const name of toxics.get(id)?.spec.proxies ?? []) names.add(name);
      forget(id);
    }
    for (const toxic of added) toxics.set(toxic.spec.id, toxic);
    const touched = [...names].flatMap(name => proxies.get(name) ?? []);
    for (const proxy of touched) proxy.setToxics(toxicsOf(proxy.name));
    for (const {spec} of added) endInTime(spec);
    return touched;
  };

  const validateBatch = (add: readonly ToxicSpec[], remove: readonly string[]): readonly ActiveToxic[] => {
    for (const id of remove) {
      if (!toxics.has(id) && !gone.has(id)) throw new LabError('UNKNOWN_FAULT', `There is no toxic \`${id}\`.`);
    }
    const ids = new Set<string>();
    return add.map(raw => {
      const spec = validateToxic(raw);
      if (ids.has(spec.id) || (toxics.has(spec.id) && !remove.includes(spec.id))) {
        throw new LabError('BAD_VALUE', `There is a toxic \`${spec.id}\` already.`);
      }
      ids.add(spec.id);
      for (const name of spec.proxies) requirePossible(spec.kind, requireProxy(name).spec);
      return new ActiveToxic(spec, now());
    });
  };

  const forget = (id: string): void => {
    if (toxics.delete(id)) gone.add(id);
    clearTimeout(timers.get(id));
    timers.delete(id);
  };

  const endInTime = (spec: ToxicSpec): void => {
    if (spec.endsAt === undefined) return;
    const leftMs = Math.max(0, spec.endsAt - now());
    const timer = setTimeout(
      () => {
        if (leftMs > TIMER_MAX_MS) endInTime(spec);
        else changeNow([], [spec.id]);
      },
      Math.min(leftMs, TIMER_MAX_MS),
    );
    timers.set(spec.id, timer);
  };

  const register = (proxy: LinkProxy): OpenProxy => {
    proxies.set(proxy.name, proxy);
    if (down.has(proxy.spec.to)) proxy.setNodeUp(false);
    proxy.setToxics(toxicsOf(proxy.name));
    return {name: proxy.name, address: proxy.address};
  };

  return {
    async open(specs) {
      requireNew(specs, new Set([...proxies.keys(), ...opening]));
      for (const {name} of specs) opening.add(name);
      const context = {now, log, places};
      const results = await Promise.allSettled(specs.map(spec => LinkProxy.open(spec, context)));
      for (const {name} of specs) opening.delete(name);
      const opened = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
      const failed = results.find(result => result.status === 'rejected');
      if (failed === undefined) return opened.map(register);
      for (const proxy of opened) proxy.close();
      throw failed.reason;
    },
    async close(names) {
      for (const proxy of names.map(requireProxy)) {
        proxies.delete(proxy.name);
        proxy.close();
      }
    },
    async setNodeUp(node, up) {
      if (up) down.delete(node);
      else down.add(node);
      const concerned = [...proxies.values()].filter(({spec}) => spec.to === node);
      for (const proxy of concerned) proxy.setNodeUp(up);
      await Promise.all(concerned.map(proxy => proxy.listener.settled()));
    },
    async change({add = [], remove = []}) {
      const touched = changeNow(add, remove);
      await Promise.all(touched.map(proxy => proxy.listener.settled()));
    },
    toxics: async () => [...toxics.values()].map(toxic => toxic.state()),
    counters: async () => [...proxies.values()].map(proxy => proxy.counters()),
    requests: async since => log.page(since, 0, REQUEST_LOG_MAX).entries,
    requestPage: async (since, cursor) => log.page(since, cursor, LOG_PAGE_LENGTH),
    probe: async (proxy, options) => probeProxy(requireProxy(proxy), options),
    async stop() {
      for (const id of [...toxics.keys()]) forget(id);
      for (const proxy of proxies.values()) proxy.close();
      proxies.clear();
    },
  };
}

function requireNew(specs: readonly ProxySpec[], taken: Set<string>): void {
  for (const {name} of specs) {
    if (taken.has(name)) throw new LabError('BAD_VALUE', `The proxy \`${name}\` is open already.`);
    taken.add(name);
  }
}
