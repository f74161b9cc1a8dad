import {inParallel} from '../../src/labs/client.ts';
import type {Random} from '../../src/random.ts';
import type {Client, Item} from './client.ts';

/** How many write one item, and how many of them at the same moment. */
export const WRITERS = 200;
const AT_ONCE = 25;
/** What each adds is drawn: a service that only counts would get away with ones. */
const ADDS_MAX = 9;
const ALONE = 5;

/** What became of writers that each read an item, add to its quantity, and write it back with the ETag that they read. */
export interface Race {
  readonly first: number;
  readonly last: number | null;
  readonly accepted: number;
  /** By how much all that were accepted together have raised it. */
  readonly added: number;
  /** Accepted writes that had the ETag of another accepted one: both believed to have changed what they had read. */
  readonly sameVersion: number;
  readonly refused: number;
  /** Nobody knows whether they took effect. */
  readonly unknown: number;
  /** Answers that were none of these, with how many there were. */
  readonly other: readonly string[];
}

/** Two hundred clients that all want to raise the quantity of one item. */
export async function race(client: Client, random: Random): Promise<Race | undefined> {
  const item = await client.add(`race-${random.hex(6)}`, 100);
  if (item === undefined) return undefined;
  const adds = Array.from({length: WRITERS}, () => random.integer(1, ADDS_MAX));
  const writes = await inParallel(adds, AT_ONCE, by => raise(client, item, by));
  const statuses = writes.map(one => one.status);
  const accepted = writes.filter(one => one.status === 200);
  const {status, json} = await client.send('GET', `/v1/items/${item.id}`);
  const count = (isOne: (status: number | null) => boolean): number => statuses.filter(isOne).length;
  const isUnknown = (one: number | null): boolean => one === null || one >= 500;
  const isOther = (one: number | null): boolean => !isUnknown(one) && one !== 200 && one !== 412;
  return {
    first: item.quantity,
    last: status === 200 && typeof json.quantity === 'number' ? json.quantity : null,
    accepted: accepted.length,
    added: accepted.reduce((sum, {by}) => sum + by, 0),
    sameVersion: accepted.length - new Set(accepted.map(({etag}) => etag)).size,
    refused: count(one => one === 412),
    unknown: count(isUnknown),
    other: [...new Set(statuses.filter(isOther))].map(one => `${count(status => status === one)} x ${one}`),
  };
}

interface Write {
  readonly by: number;
  readonly etag: string | undefined;
  readonly status: number | null;
}

async function raise(client: Client, {id, name}: Item, by: number): Promise<Write> {
  const {status, etag, json} = await client.send('GET', `/v1/items/${id}`);
  if (status !== 200) return {by, etag, status};
  const body = {name, quantity: Number(json.quantity) + by};
  const written = await client.send('PUT', `/v1/items/${id}`, {body, ifMatch: etag ?? 'none'});
  return {by, etag, status: written.status};
}

/** One step of somebody who is alone with an item. */
export interface Step {
  /** A write that has to be accepted, or refused; a read of what was accepted; a read after everything else was refused. */
  readonly kind: 'accept' | 'refuse' | 'kept' | 'untouched';
  readonly what: string;
  /** What it was answered; null: nothing in time. */
  readonly status: number | null;
  /** Of a write its status, of a read the quantity. */
  readonly wanted: number;
  readonly got: number | null;
}

/** Without anybody else: every write with the right ETag is accepted, any other is not, and what was written is what is read. */
export async function alone(client: Client, random: Random): Promise<readonly Step[]> {
  const item = await client.add(`alone-${random.hex(6)}`, 0);
  if (item === undefined) return [];
  const path = `/v1/items/${item.id}`;
  const steps: Step[] = [];
  const put = async (what: string, wanted: number, quantity: number, ifMatch?: string): Promise<number | null> => {
    const body = {name: item.name, quantity};
    const {status} = await client.send('PUT', path, {body, ...(ifMatch === undefined ? {} : {ifMatch})});
    steps.push({kind: wanted === 200 ? 'accept' : 'refuse', what, status, wanted, got: status});
    return status;
  };
  const read = async (kind: 'kept' | 'untouched', what: string, wanted: number): Promise<void> => {
    const {status, json} = await client.send('GET', path);
    const got = status === 200 && typeof json.quantity === 'number' ? json.quantity : null;
    steps.push({kind, what, status, wanted, got});
  };
  const first = (await client.send('GET', path)).etag;
  for (let quantity = 1; quantity <= ALONE; quantity += 1) {
    const {etag} = await client.send('GET', path);
    const status = await put('a write with the ETag that was just read', 200, quantity, etag ?? 'none');
    if (status === 200) await read('kept', 'reading back what was accepted', quantity);
  }
  await put('a write with the ETag of the first version', 412, 77, first ?? '"none"');
  await put('a write with an ETag that there never was', 412, 78, `"${random.hex(6)}"`);
  await put('a write without If-Match', 428, 79);
  // What came of a write that was accepted, or that nobody knows of, is no secret effect of a refused one.
  if (steps.every(isAsItShould)) await read('untouched', 'reading after refused writes', ALONE);
  return steps;

  function isAsItShould({kind, status, wanted, got}: Step): boolean {
    return kind === 'refuse' ? status !== null && status >= 400 && status < 500 : got === wanted;
  }
}
