import type {Reply, SendRequest} from '../../src/labs/client.ts';
import type {Client, Item} from './client.ts';

export interface Stored extends Item {
  readonly version: number;
}

export interface Page {
  readonly items: readonly Stored[];
  readonly next: string | null;
}

/** What a learner decides: how an item is written and how a list is cut into pages. */
export interface Decisions {
  /** The status; `write` changes the item, whatever it is by then. */
  change(
    request: {readonly ifMatch: string | undefined; readonly now: () => Stored},
    write: () => void,
  ): number | Promise<number>;
  page(items: readonly Stored[], request: {readonly limit: number; readonly cursor: string | null}): Page | number;
}

export const etagOf = ({version}: Stored): string => `"${version}"`;
export const byName = (one: Stored, other: Stored): number =>
  one.name === other.name ? (one.id < other.id ? -1 : 1) : one.name < other.name ? -1 : 1;

const SOUND: Decisions = {
  change({ifMatch, now}, write) {
    if (ifMatch === undefined) return 428;
    if (ifMatch !== etagOf(now())) return 412;
    write();
    return 200;
  },
  page: (items, {limit, cursor}) => {
    const at = cursor === null ? -1 : items.toSorted(byName).findIndex(({id}) => id === cursor);
    return pageOf(items.toSorted(byName).slice(at + 1), limit);
  },
};

/** The first of these, with the id of the last of them as `next`. */
export function pageOf(rest: readonly Stored[], limit: number): Page {
  const items = rest.slice(0, limit);
  return {items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null};
}

/** Lets others come in between. */
export const pause = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A client of a service in memory that decides as the brief wants it, but for what is given. */
export function clientOf(decisions: Partial<Decisions> = {}): Client {
  const {change, page} = {...SOUND, ...decisions};
  const items = new Map<string, Stored>();
  let added = 0;
  const reply = (status: number, json: Reply['json'] = {}, etag?: string): Reply => ({status, json, etag});
  const send: SendRequest = async (method, path, {body, ifMatch} = {}) => {
    await pause();
    const url = new URL(path, 'http://own');
    const id = url.pathname.split('/')[3];
    if (id === undefined) {
      const found = page([...items.values()], {
        limit: Number(url.searchParams.get('limit')),
        cursor: url.searchParams.get('cursor'),
      });
      return typeof found === 'number' ? reply(found) : reply(200, {...found});
    }
    const now = (): Stored => items.get(id) ?? {id, name: '', quantity: 0, version: 0};
    if (method === 'DELETE') items.delete(id);
    if (method !== 'PUT') return items.has(id) ? reply(200, {...now()}, etagOf(now())) : reply(404);
    const write = (): void => void items.set(id, {...now(), ...(body as Item), version: now().version + 1});
    return reply(await change({ifMatch, now}, write));
  };
  return {
    send,
    add: async (name, quantity) => {
      await pause();
      added += 1;
      const item = {id: `id-${1_000 + added}`, name, quantity};
      items.set(item.id, {...item, version: 1});
      return item;
    },
  };
}
