import {parseBody} from './fields.ts';
import {parseToxic, parseUpdate, requireRoomForToxics} from './parse-toxic.ts';
import type {ApiPort} from './port.ts';
import {type ApiReply, empty, json, Refusal} from './reply.ts';
import {findProxy, findToxic, type SeenProxy, type SeenToxic, seeProxies, toxicBody} from './view.ts';

export async function listToxics(port: ApiPort, proxy: string): Promise<ApiReply> {
  return json(200, (await find(port, proxy)).toxics.map(toxicBody));
}

export async function showToxic(port: ApiPort, proxy: string, toxic: string): Promise<ApiReply> {
  return json(200, toxicBody(findToxic(await find(port, proxy), toxic)));
}

export async function createToxic(port: ApiPort, proxyName: string, body: string): Promise<ApiReply> {
  const proxy = await find(port, proxyName);
  const toxic = parseToxic(parseBody(body), proxy.name, port.drawSeed);
  const {name = ''} = toxic;
  if (proxy.toxics.some(other => other.name === name)) throw new Refusal(409, 'toxic already exists');
  requireRoomForToxics(proxy.name, proxy.toxics.length + 1);
  await port.change({add: [toxic]});
  return showToxic(port, proxy.name, name);
}

export async function updateToxic(port: ApiPort, proxyName: string, name: string, body: string): Promise<ApiReply> {
  const proxy = await find(port, proxyName);
  const toxic = findToxic(proxy, name);
  requireOwnToxic(toxic, 'changed');
  await port.change({update: [parseUpdate(parseBody(body), toxic)]});
  return showToxic(port, proxy.name, name);
}

export async function deleteToxic(port: ApiPort, proxyName: string, name: string): Promise<ApiReply> {
  const toxic = findToxic(await find(port, proxyName), name);
  requireOwnToxic(toxic, 'removed');
  await port.change({remove: [toxic.state.id]});
  return empty(204);
}

function requireOwnToxic({name, owner}: SeenToxic, what: string): void {
  if (owner.by === 'others')
    throw new Refusal(
      403,
      `${name} was put on by ${owner.reason} and cannot be ${what} here; \`teralab chaos clear ${name}\` ends it.`,
    );
}

async function find(port: ApiPort, proxy: string): Promise<SeenProxy> {
  return findProxy(seeProxies(await port.look()), proxy);
}
