import {addressText} from './addresses.ts';
import {type Fields, fieldsOf, parseBody} from './fields.ts';
import {moved, ownSpec, requireNoLoop, requireRoom, toTaken} from './own-proxies.ts';
import {parseToxic, requireApart, requireName} from './parse-toxic.ts';
import type {ApiChange, ApiPort, ApiToxic} from './port.ts';
import {type ApiReply, empty, json, Refusal} from './reply.ts';
import {findProxy, proxyBody, type SeenProxy, seeProxies} from './view.ts';

/** Written by clients; the last two are answered by Toxiproxy, and some clients write them back. */
export const PROXY_FIELDS = ['name', 'listen', 'upstream', 'enabled', 'toxics', 'Logger'];

/** What disables a proxy: nobody gets in, and who is in gets FIN. */
export function disabling(proxy: string): ApiToxic {
  return {kind: 'refuse', proxy, stream: 'both', toxicity: 1, attributes: {existing: 'close'}, seed: 0};
}

export async function listProxies(port: ApiPort): Promise<ApiReply> {
  const proxies = seeProxies(await port.look());
  return json(200, Object.fromEntries(proxies.map(proxy => [proxy.name, proxyBody(proxy)])));
}

export async function showProxy(port: ApiPort, name: string): Promise<ApiReply> {
  return json(200, proxyBody(findProxy(seeProxies(await port.look()), name)));
}

export async function createProxy(port: ApiPort, body: string): Promise<ApiReply> {
  const fields = fieldsOf(parseBody(body), PROXY_FIELDS);
  const name = requireName(required(fields, 'name'));
  const spec = ownSpec(name, fields.text('listen') ?? '', required(fields, 'upstream'));
  const isEnabled = fields.flag('enabled') ?? true;
  const proxies = seeProxies(await port.look());
  if (proxies.some(proxy => proxy.name === name || (!proxy.isOwn && proxy.counters.link === name)))
    throw new Refusal(409, 'proxy already exists');
  requireOwnProxies(port);
  requireNoLoop([spec], proxies);
  requireRoom(1, proxies);
  const toxics = (fields.list('toxics') ?? []).map(toxic => parseToxic(toxic, name, port.drawSeed));
  requireApart(name, toxics);
  await changeProxies(port, {open: [spec], add: isEnabled ? toxics : [...toxics, disabling(name)]});
  return json(201, proxyBody(findProxy(seeProxies(await port.look()), name)));
}

export async function updateProxy(port: ApiPort, name: string, body: string): Promise<ApiReply> {
  const proxies = seeProxies(await port.look());
  const proxy = findProxy(proxies, name);
  const fields = fieldsOf(parseBody(body), PROXY_FIELDS);
  const spec = moved(proxy, fields.text('listen'), fields.text('upstream'));
  if (spec !== undefined) requireNoLoop([spec], proxies);
  const isEnabled = fields.flag('enabled') ?? proxy.enabled;
  const {disabledBy} = proxy;
  await changeProxies(port, {
    ...(spec === undefined ? {} : {open: [spec]}),
    add: !isEnabled && disabledBy === undefined ? [disabling(proxy.name)] : [],
    remove: isEnabled && disabledBy !== undefined ? [disabledBy] : [],
  });
  return showProxy(port, proxy.name);
}

export async function deleteProxy(port: ApiPort, name: string): Promise<ApiReply> {
  const proxy = findProxy(seeProxies(await port.look()), name);
  if (!proxy.isOwn)
    throw new Refusal(
      403,
      `${proxy.name} is a link of the lab: it can be disabled and get toxics, but it cannot be deleted.`,
    );
  await port.change({close: [proxy.name], remove: idsOn(proxy)});
  return empty(204);
}

/** Ends all that clients of this API have put on; what labs and `teralab chaos` have put on stays. */
export async function reset(port: ApiPort): Promise<ApiReply> {
  await port.change({remove: seeProxies(await port.look()).flatMap(idsOn)});
  return empty(204);
}

export async function showConnections(port: ApiPort, name: string): Promise<ApiReply> {
  const proxy = findProxy(seeProxies(await port.look()), name);
  const connections = await port.connections(proxy.name);
  return json(
    200,
    connections.map(({id, since, client, bytes, toxics}) => ({
      id,
      since: new Date(since).toISOString(),
      client: addressText(client),
      bytes,
      toxics: toxics.flatMap(toxic => proxy.toxics.find(({state}) => state.id === toxic)?.name ?? []),
    })),
  );
}

export async function showCounters(port: ApiPort, name: string): Promise<ApiReply> {
  const {counters, toxics, ...proxy} = findProxy(seeProxies(await port.look()), name);
  const {received, bytes: sent} = counters;
  return json(200, {
    name: proxy.name,
    listening: counters.listening,
    connections: counters.connections,
    bytes: {
      upstream: {received: received.upstream, sent: sent.upstream},
      downstream: {received: received.downstream, sent: sent.downstream},
    },
    toxics: toxics.map(({state, name: toxic}) => ({
      name: toxic,
      id: state.id,
      type: state.kind,
      seed: state.seed,
      ...state.touched,
    })),
  });
}

/** As the port changes it; a port that is taken is said in Toxiproxy's words. */
export async function changeProxies(port: ApiPort, change: ApiChange): Promise<void> {
  await port.change(change).catch((error: unknown) => {
    throw toTaken(error, change.open ?? []);
  });
}

/** All that clients of this API have put on a proxy. */
export function idsOn({toxics, disabledBy}: SeenProxy): readonly string[] {
  const own = toxics.filter(({owner}) => owner.by === 'api').map(({state}) => state.id);
  return disabledBy === undefined ? own : [...own, disabledBy];
}

export function requireOwnProxies({whyNoOwnProxies}: ApiPort): void {
  if (whyNoOwnProxies !== undefined) throw new Refusal(403, whyNoOwnProxies);
}

function required(fields: Fields, name: string): string {
  const value = fields.text(name) ?? '';
  if (value === '') throw new Refusal(400, `missing required field: ${name}`);
  return value;
}
