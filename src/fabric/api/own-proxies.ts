import {LabError} from '../../errors.ts';
import type {ProxySpec} from '../fabric.ts';
import {addressText, isLoopback, parseListen, parseUpstream} from './addresses.ts';
import {API_CALLER} from './port.ts';
import {Refusal} from './reply.ts';
import type {SeenProxy} from './view.ts';

/** Each costs a listener, and its connections sockets, of the process that carries the lab's own links. */
const OWN_PROXIES_MAX = 1_000;

/** A proxy that a client wants, as the fabric opens it. Its addresses are checked. */
export function ownSpec(name: string, listen: string, upstream: string): ProxySpec {
  const {host, port} = parseListen(listen);
  const to = parseUpstream(upstream);
  return {
    name,
    link: name,
    from: API_CALLER,
    to: addressText(to),
    protocol: 'tcp',
    upstream: to,
    host,
    ...(port === undefined ? {} : {port}),
  };
}

/** How a proxy has to be changed to be where a client wants it; undefined: it is there. Absent is as it is, and port 0 is content with any. */
export function moved(
  proxy: SeenProxy,
  listen: string | undefined,
  upstream: string | undefined,
): ProxySpec | undefined {
  const isSame = isSameText(listen, proxy.listen) && isSameText(upstream, proxy.upstream);
  if (isSame) return undefined;
  if (!proxy.isOwn) {
    const {name} = proxy;
    throw new Refusal(
      403,
      `${name} is a link of the lab: it can be disabled and get toxics, but it cannot listen or lead elsewhere.`,
    );
  }
  const spec = ownSpec(proxy.name, listen || proxy.listen, upstream || proxy.upstream);
  const {address} = proxy.counters;
  const isThere = spec.host === address.host && (spec.port === undefined || spec.port === address.port);
  return isThere && addressText(spec.upstream) === proxy.upstream ? undefined : spec;
}

/** `localhost` is what most clients write for the loopback address that they are answered. */
function isSameText(wanted: string | undefined, text: string): boolean {
  return (
    wanted === undefined || wanted === '' || wanted === text || wanted.replace(/^localhost:/i, '127.0.0.1:') === text
  );
}

/** Toxiproxy's words for a port that cannot be had. */
export function toTaken(error: unknown, specs: readonly ProxySpec[]): unknown {
  if (!(error instanceof LabError) || error.code !== 'PORT_TAKEN') return error;
  const spec = specs.find(({name}) => error.message.startsWith(`${name} `));
  if (spec?.host === undefined || spec.port === undefined) return error;
  const address = addressText({host: spec.host, port: spec.port});
  return new Refusal(500, `listen tcp ${address}: bind: address already in use`, error.message);
}

/**
 * Refuses proxies that lead back to themselves, over however many others: one connection would make more without end, until nothing could
 * be opened any more.
 */
export function requireNoLoop(specs: readonly ProxySpec[], proxies: readonly SeenProxy[]): void {
  const next = new Map<number, number | undefined>();
  const leadsTo = ({host, port}: {readonly host: string; readonly port: number}): number | undefined =>
    isLoopback(host) ? port : undefined;
  for (const {counters} of proxies) next.set(counters.address.port, leadsTo(counters.upstream));
  for (const spec of specs) {
    const port = spec.port ?? proxies.find(({name}) => name === spec.name)?.counters.address.port;
    if (port !== undefined) next.set(port, leadsTo(spec.upstream));
  }
  for (const {name, upstream} of specs) {
    const seen = new Set<number>();
    for (let port = leadsTo(upstream); port !== undefined; port = next.get(port)) {
      if (seen.has(port)) throw new Refusal(400, `upstream: ${name} would lead back to itself, over port ${port}.`);
      seen.add(port);
    }
  }
}

export function requireRoom(fresh: number, proxies: readonly SeenProxy[]): void {
  const count = fresh + proxies.filter(({isOwn}) => isOwn).length;
  if (count > OWN_PROXIES_MAX)
    throw new Refusal(400, `there can be ${OWN_PROXIES_MAX} proxies beside the lab's, not ${count}`);
}
