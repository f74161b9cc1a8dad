import type {ProxyCounters, ToxicAttributes, ToxicState} from '../fabric.ts';
import {TOXICS} from '../toxics/registry.ts';
import {addressText} from './addresses.ts';
import {API_CALLER, type ApiView, type ToxicOwner} from './port.ts';
import {Refusal} from './reply.ts';

/** A toxic on a proxy, as a client sees it. */
export interface SeenToxic {
  readonly state: ToxicState;
  readonly name: string;
  readonly owner: ToxicOwner;
}

/** A proxy, what is on it, and whose it is. */
export interface SeenProxy {
  readonly counters: ProxyCounters;
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  /** The toxic that disables it. */
  readonly disabledBy: string | undefined;
  readonly toxics: readonly SeenToxic[];
  /** A client of this API has opened it; else it is a link of the lab. */
  readonly isOwn: boolean;
}

export function seeProxies(view: ApiView): readonly SeenProxy[] {
  return view.proxies.map(counters => {
    const on = counters.toxics.flatMap(({id}) => view.toxics.find(toxic => toxic.id === id) ?? []);
    const seen = on.map((state): SeenToxic => {
      const owner = view.owners.get(state.id) ?? {by: 'others', reason: 'unknown'};
      return {state, owner, name: owner.by === 'api' ? (owner.name ?? '') : state.id};
    });
    const disabling = seen.find(({owner}) => owner.by === 'api' && owner.name === undefined);
    return {
      counters,
      name: counters.name,
      listen: addressText(counters.address),
      upstream: addressText(counters.upstream),
      enabled: disabling === undefined,
      disabledBy: disabling?.state.id,
      toxics: inToxiproxysOrder(seen.filter(toxic => toxic !== disabling)),
      isOwn: counters.from === API_CALLER,
    };
  });
}

/** The proxy of this name; or the only one of the declared link of this name. */
export function findProxy(proxies: readonly SeenProxy[], name: string): SeenProxy {
  const exact = proxies.find(proxy => proxy.name === name);
  if (exact !== undefined) return exact;
  const [only, ...others] = proxies.filter(({counters, isOwn}) => !isOwn && counters.link === name);
  if (only !== undefined && others.length === 0) return only;
  const all = [only, ...others].flatMap(proxy => proxy?.name ?? []);
  throw new Refusal(
    404,
    'proxy not found',
    only === undefined ? undefined : `${name} is ${all.length} proxies: ${all.join(', ')}. Name one of them.`,
  );
}

export function findToxic(proxy: SeenProxy, name: string): SeenToxic {
  const found = proxy.toxics.find(toxic => toxic.name === name);
  if (found === undefined) throw new Refusal(404, 'toxic not found');
  return found;
}

export function proxyBody(proxy: SeenProxy): object {
  const {name, listen, upstream, enabled, toxics} = proxy;
  return {name, listen, upstream, enabled, toxics: toxics.map(toxicBody)};
}

/** Toxiproxy's five fields, and no more where there is nothing more to say. */
export function toxicBody({state, name, owner}: SeenToxic): object {
  const {kind, stream, toxicity, endsAt} = state;
  return {
    attributes: attributesBody(state),
    name,
    type: kind,
    stream,
    toxicity,
    ...(endsAt === undefined ? {} : {expires_at: new Date(endsAt).toISOString()}),
    ...(owner.by === 'api' ? {} : {owner: owner.reason}),
  };
}

/** What Toxiproxy's own types have. Attributes beyond them are told where they are not what they would be anyway. */
const TOXIPROXYS: Readonly<Record<string, readonly string[]>> = {
  latency: ['latency', 'jitter'],
  bandwidth: ['rate'],
  slow_close: ['delay'],
  timeout: ['timeout'],
  reset_peer: ['timeout'],
  slicer: ['average_size', 'size_variation', 'delay'],
  limit_data: ['bytes'],
  noop: [],
};

function attributesBody({kind, attributes}: ToxicState): ToxicAttributes {
  const known = TOXIPROXYS[kind];
  if (known === undefined) return attributes;
  const schema = TOXICS[kind].attributes;
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => {
      const own = schema[name];
      return known.includes(name) || own === undefined || !('default' in own) || own.default !== value;
    }),
  );
}

/** Those towards the upstream first, each direction in the order of the stack. */
function inToxiproxysOrder(toxics: readonly SeenToxic[]): readonly SeenToxic[] {
  return [
    ...toxics.filter(({state}) => state.stream !== 'downstream'),
    ...toxics.filter(({state}) => state.stream === 'downstream'),
  ];
}
