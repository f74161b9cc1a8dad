import {LabError} from '../errors.ts';
import {ActiveToxic} from './active-toxic.ts';
import {createWallClock} from './clock.ts';
import type {Fabric, FabricChange, OpenProxy, ProxySpec, ToxicSpec} from './fabric.ts';
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

/** A batch that is right. */
interface Checked {
  readonly added: readonly ActiveToxic[];
  readonly updated: readonly {readonly toxic: ActiveToxic; readonly spec: ToxicSpec}[];
  readonly removed: readonly string[];
}

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
  let lastPlace = 0;

  const requireProxy = (name: string): LinkProxy => {
    const proxy = proxies.get(name);
    if (proxy === undefined) throw new LabError('UNKNOWN_TARGET', `There is no proxy \`${name}\`.`);
    return proxy;
  };
  const toxicsOf = (name: string): ActiveToxic[] =>
    [...toxics.values()].filter(({spec}) => spec.proxies.includes(name));

  /** One step between two events: first all checks, then all changes, with nothing awaited. Returns the proxies concerned. */
  const changeNow = (batch: FabricChange, opened: readonly LinkProxy[] = []): readonly LinkProxy[] => {
    const {added, updated, removed} = check(batch);
    const names = new Set(added.flatMap(toxic => toxic.spec.proxies));
    for (const id of removed) {
      for (const name of toxics.get(id)?.spec.proxies ?? []) names.add(name);
      forget(id);
    }
    for (const toxic of added) toxics.set(toxic.spec.id, toxic);
    exchange(batch, opened);
    const touched = [...names].flatMap(name => proxies.get(name) ?? []);
    for (const proxy of touched) proxy.setToxics(toxicsOf(proxy.name));
    const kept = updated.flatMap(({toxic, spec}) => update(toxic, spec));
    for (const proxy of opened) proxy.begin();
    for (const {spec} of added) endInTime(spec);
    return [...touched, ...kept, ...opened];
  };

  const check = ({add = [], remove = [], open = [], close = []}: FabricChange): Checked => {
    for (const name of close) requireProxy(name);
    requireNew(open, new Set());
    for (const spec of open) requireFreePort(spec);
    for (const id of remove) {
      if (!toxics.has(id) && !gone.has(id)) throw new LabError('UNKNOWN_FAULT', `There is no toxic \`${id}\`.`);
    }
    const ids = new Set<string>();
    const specs = add.map(raw => {
      const spec = validateToxic(raw);
      if (ids.has(spec.id) || (toxics.has(spec.id) && !remove.includes(spec.id)))
        throw new LabError('BAD_VALUE', `There is a toxic \`${spec.id}\` already.`);
      if (!toxics.has(spec.id) && remove.includes(spec.id))
        throw new LabError('UNKNOWN_FAULT', `The toxic \`${spec.id}\` is not in force any more.`);
      ids.add(spec.id);
      for (const name of spec.proxies)
        requirePossible(spec.kind, open.find(one => one.name === name) ?? requireProxy(name).spec);
      return spec;
    });
    const updated = specs.flatMap(spec => {
      const toxic = toxics.get(spec.id);
      return toxic !== undefined && isSamePlace(toxic.spec, spec) ? [{toxic, spec}] : [];
    });
    const isUpdated = (id: string): boolean => updated.some(({spec}) => spec.id === id);
    return {
      added: specs.filter(({id}) => !isUpdated(id)).map(spec => new ActiveToxic(spec, now(), ++lastPlace)),
      updated,
      removed: remove.filter(id => !isUpdated(id)),
    };
  };

  const requireFreePort = ({name, port}: ProxySpec): void => {
    const holder = [...proxies.values()].find(other => other.name !== name && other.listener.port === port);
    if (holder !== undefined)
      throw new LabError('PORT_TAKEN', `${name} was to listen on port ${port}, which ${holder.name} has.`);
  };

  const update = (toxic: ActiveToxic, spec: ToxicSpec): readonly LinkProxy[] => {
    const before = toxic.spec;
    toxic.update(spec);
    clearTimeout(timers.get(spec.id));
    endInTime(spec);
    const concerned = spec.proxies.flatMap(name => proxies.get(name) ?? []);
    for (const proxy of concerned) proxy.updateToxic(toxic, before);
    return concerned;
  };

  /** Proxies go, come, and lead elsewhere. */
  const exchange = ({open = [], close = []}: FabricChange, opened: readonly LinkProxy[]): void => {
    for (const name of close) {
      proxies.get(name)?.close('end');
      proxies.delete(name);
    }
    for (const spec of open) {
      const fresh = opened.find(({name}) => name === spec.name);
      if (fresh === undefined) proxies.get(spec.name)?.redirect(spec);
      else {
        proxies.get(spec.name)?.close('end');
        register(fresh);
      }
    }
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
        else changeNow({remove: [spec.id]});
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

  /** Opens all listeners or none. They wait to be begun. */
  const listen = async (specs: readonly ProxySpec[]): Promise<readonly LinkProxy[]> => {
    for (const {name} of specs) opening.add(name);
    const context = {now, log, places};
    const results = await Promise.allSettled(specs.map(spec => LinkProxy.open(spec, context)));
    for (const {name} of specs) opening.delete(name);
    const opened = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = results.find(result => result.status === 'rejected');
    if (failed === undefined) return opened;
    for (const proxy of opened) proxy.close();
    throw failed.reason;
  };

  const changeWithListeners = async (batch: FabricChange): Promise<readonly LinkProxy[]> => {
    check(batch);
    const fresh = (batch.open ?? []).filter(spec => proxies.get(spec.name)?.listensFor(spec) !== true);
    requireNew(fresh, new Set(opening));
    const opened = await listen(fresh);
    try {
      return changeNow(batch, opened);
    } catch (error) {
      for (const proxy of opened) proxy.close();
      throw error;
    }
  };

  return {
    async open(specs) {
      requireNew(specs, new Set([...proxies.keys(), ...opening]));
      const opened = await listen(specs);
      return opened.map(proxy => {
        const open = register(proxy);
        proxy.begin();
        return open;
      });
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
    async change(batch) {
      const touched = batch.open === undefined ? changeNow(batch) : await changeWithListeners(batch);
      await Promise.all(touched.map(proxy => proxy.listener.settled()));
    },
    toxics: async () => [...toxics.values()].map(toxic => toxic.state()),
    counters: async () => [...proxies.values()].map(proxy => proxy.counters()),
    connections: async proxy => requireProxy(proxy).connections(),
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

/** Whether a toxic can be changed in place: what it is, on what and in which direction stay. */
function isSamePlace(before: ToxicSpec, after: ToxicSpec): boolean {
  return (
    before.kind === after.kind &&
    before.stream === after.stream &&
    before.seed === after.seed &&
    before.proxies.join('\n') === after.proxies.join('\n')
  );
}

function requireNew(specs: readonly ProxySpec[], taken: Set<string>): void {
  for (const {name} of specs) {
    if (taken.has(name)) throw new LabError('BAD_VALUE', `The proxy \`${name}\` is open already.`);
    taken.add(name);
  }
}
