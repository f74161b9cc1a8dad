import type {ProxySpec} from '../fabric.ts';
import {fieldsOf, parseBody} from './fields.ts';
import {moved, ownSpec, requireNoLoop, requireRoom} from './own-proxies.ts';
import {parseToxic, requireApart, requireName} from './parse-toxic.ts';
import type {ApiChange, ApiPort, ApiToxic, ApiUpdate} from './port.ts';
import {changeProxies, disabling, idsOn, PROXY_FIELDS, requireOwnProxies} from './proxies.ts';
import {type ApiReply, isExpected, json, Refusal, refused, toRefusal} from './reply.ts';
import {findProxy, proxyBody, type SeenProxy, seeProxies} from './view.ts';

/** Opens all proxies of a list, with their toxics, or changes nothing. One that is there as it is wanted is left alone, but for its toxics. */
export async function populate(port: ApiPort, body: string): Promise<ApiReply> {
  try {
    const proxies = seeProxies(await port.look());
    const wanted = parseList(body, proxies, port.drawSeed);
    const parts = wanted.map(partOf);
    const open = parts.flatMap(part => part.open ?? []);
    if (open.length > 0) requireOwnProxies(port);
    requireNoLoop(open, proxies);
    requireRoom(open.filter(({name}) => !proxies.some(proxy => proxy.name === name)).length, proxies);
    await changeProxies(port, {
      ...(open.length === 0 ? {} : {open}),
      add: parts.flatMap(part => part.add ?? []),
      update: parts.flatMap(part => part.update ?? []),
      remove: parts.flatMap(part => part.remove ?? []),
    });
    const after = seeProxies(await port.look());
    return json(201, {proxies: wanted.map(({name}) => proxyBody(findProxy(after, name)))});
  } catch (error) {
    if (!isExpected(error)) throw error;
    return refused(toRefusal(error), {proxies: []});
  }
}

interface Wanted {
  readonly name: string;
  /** The proxy that has this name already. */
  readonly existing?: SeenProxy;
  /** What has to be opened or changed; absent: all is there. */
  readonly spec?: ProxySpec;
  readonly isEnabled: boolean;
  /** Absent: those that are on it stay. */
  readonly toxics?: readonly ApiToxic[];
}

function parseList(body: string, proxies: readonly SeenProxy[], drawSeed: () => number): readonly Wanted[] {
  const list = parseBody(body);
  if (!Array.isArray(list)) throw new Refusal(400, 'bad request body: it is a list of proxies');
  const names = new Set<string>();
  return list.map((raw: unknown, index) => {
    const fields = fieldsOf(raw, PROXY_FIELDS);
    const given = requireName(fields.text('name') ?? '');
    if (given === '') throw new Refusal(400, `missing required field: name at proxy ${index + 1}`);
    const existing = lookUp(proxies, given);
    const name = existing?.name ?? given;
    if (names.has(name)) throw new Refusal(400, `duplicate proxy name ${JSON.stringify(name)}`);
    names.add(name);
    const [listen, upstream] = [fields.text('listen'), fields.text('upstream')];
    // A link of the lab leads where it leads.
    if ((upstream === undefined || upstream === '') && existing?.isOwn !== false)
      throw new Refusal(400, `missing required field: upstream at proxy ${index + 1}`);
    const spec =
      existing === undefined ? ownSpec(name, listen ?? '', upstream ?? '') : moved(existing, listen, upstream);
    const toxics = fields.list('toxics')?.map(toxic => parseToxic(toxic, name, drawSeed));
    requireApart(name, toxics ?? []);
    return {
      name,
      ...(existing === undefined ? {} : {existing}),
      ...(spec === undefined ? {} : {spec}),
      isEnabled: fields.flag('enabled') ?? true,
      ...(toxics === undefined ? {} : {toxics}),
    };
  });
}

/** The proxy of this name, or of the declared link of this name. */
function lookUp(proxies: readonly SeenProxy[], name: string): SeenProxy | undefined {
  const isKnown = proxies.some(proxy => proxy.name === name || (!proxy.isOwn && proxy.counters.link === name));
  return isKnown ? findProxy(proxies, name) : undefined;
}

function partOf({name, existing, spec, isEnabled, toxics}: Wanted): ApiChange {
  if (spec === undefined) return existing === undefined || toxics === undefined ? {} : toxicsPart(existing, toxics);
  const fresh = toxics ?? [];
  return {
    open: [spec],
    add: isEnabled ? fresh : [...fresh, disabling(name)],
    remove: existing === undefined ? [] : idsOn(existing),
  };
}

/** Makes the toxics of a proxy those of the list: what has the same name, type and stream is changed in place. */
function toxicsPart(proxy: SeenProxy, toxics: readonly ApiToxic[]): ApiChange {
  const foreign = (toxic: ApiToxic): boolean =>
    proxy.toxics.some(
      ({name, owner, state}) => owner.by === 'others' && name === toxic.name && state.kind === toxic.kind,
    );
  // What labs and `teralab chaos` have put on is in every answer, and so it may be in a list that was one.
  const wanted = toxics.filter(toxic => !foreign(toxic));
  const own = proxy.toxics.filter(({owner}) => owner.by === 'api');
  const update: ApiUpdate[] = [];
  const add: ApiToxic[] = [];
  for (const toxic of wanted) {
    const same = own.find(
      ({name, state}) => name === toxic.name && state.kind === toxic.kind && state.stream === toxic.stream,
    );
    const {attributes, toxicity, forMs} = toxic;
    if (same === undefined) add.push(toxic);
    else update.push({id: same.state.id, attributes, toxicity, ...(forMs === undefined ? {} : {forMs})});
  }
  const kept = new Set(update.map(({id}) => id));
  return {add, update, remove: own.map(({state}) => state.id).filter(id => !kept.has(id))};
}
