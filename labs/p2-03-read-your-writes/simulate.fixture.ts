import {setImmediate as othersFirst} from 'node:timers/promises';
import type {CreateReadModel, ReadModel, ReadModelTools} from '../../services/stream/seams/projection.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {FollowUp, LedgerEntry, Operation} from '../../src/load/load.ts';
import {createRandom} from '../../src/random.ts';
import type {ReadBack, Seen} from './evidence.ts';
import {type Parameters, parameters, SCHEDULE, stallFrom} from './parameters.ts';
import {attackPairs, PAGE} from './traffic.ts';

interface Event {
  readonly account: string;
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly projectedAt: number;
}

const ACCOUNTS = 12;
const PATIENCE_MS = 2_500;

/** A run of the lab without its system, in a time of its own: the lab's own traffic, over a projection that stands still as in the lab. */
export async function simulate(createReadModel: CreateReadModel, seed: number): Promise<Seen> {
  const random = createRandom(seed, 'simulation');
  const drawn = parameters(createRandom(seed, 'prediction'));
  const accounts = Array.from({length: ACCOUNTS}, (_, n) => ({account: `account-${n}`, token: `account-${n}`}));
  const time = createTime();
  const {now, sleep} = time;
  const began = now();
  const events: Event[] = [];
  const entries: LedgerEntry[] = [];
  let writeSideReads = 0;

  const tools = (): ReadModelTools => ({
    projection: {
      async page({account, limit}) {
        await sleep(3);
        const own = events.filter(event => event.account === account && event.projectedAt <= now());
        const items = own.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, limit);
        return {items: items.map(({id, kind, at}) => ({id, kind, at})), next: null, upTo: own.at(-1)?.id ?? null};
      },
      async has(account, id) {
        await sleep(4);
        return events.some(event => event.account === account && event.id === id && event.projectedAt <= now());
      },
    },
    writeSide: {
      async waiting(account) {
        writeSideReads += 1;
        await sleep(6);
        return events.filter(event => event.account === account && event.projectedAt > now());
      },
    },
    clock: {now, monotonic: now, sleep},
    log: {debug() {}, info() {}, warn() {}, error() {}},
  });
  const replicas = [createReadModel(tools()), createReadModel(tools())];
  const replica = (turn: number): ReadModel => replicas[turn % 2] ?? createReadModel(tools());

  function write(account: string, id: string): void {
    const at = now();
    const before = events.filter(event => event.account === account).at(-1)?.projectedAt ?? 0;
    const projectedAt = Math.max(before, projectionOf(at - began, drawn) + began + random.integer(5, 60));
    events.push({account, id, kind: 'note', at: new Date(at).toISOString(), projectedAt});
  }

  async function follow(
    id: string,
    turn: number,
    followUp: FollowUp | undefined,
    carried: string | null,
  ): Promise<void> {
    if (followUp === undefined) return;
    await sleep(followUp.afterMs);
    const at = now();
    const account = String(followUp.facts?.account);
    const model = replica(turn);
    const request = {account, limit: PAGE, cursor: null, position: carried, patienceMs: PATIENCE_MS};
    const answer = await Promise.race([model.read(request), sleep(followUp.patienceMs)]);
    const status = answer === undefined ? null : 'behindForMs' in answer ? 412 : 200;
    const body = answer !== undefined && 'page' in answer ? JSON.stringify({items: answer.page.items}) : '{}';
    const position = answer !== undefined && 'page' in answer ? (answer.position ?? carried) : carried;
    entries.push(entryOf(`${id}.${turn}`, followUp, {at, durationMs: now() - at, status, body}));
    if (status !== null) await follow(id, turn + 1, followUp.next, position);
  }

  const load = attackPairs({random: random.stream('load')} as LabTools, accounts, drawn);
  const all = load.map(async operation => {
    await sleep(operation.atMs);
    if (operation.name === 'look') return;
    const {account, written} = operation.facts ?? {};
    await sleep(4);
    write(String(account), String(written));
    await sleep(3);
    entries.push(entryOf(operation.id, operation, {at: now() - 7, durationMs: 7, status: 202, body: '{}'}));
    const turn = random.integer(2, 3);
    const carried = replica(turn - 1).written({account: String(account), ids: [String(written)]});
    await follow(operation.id, turn, operation.next, carried);
  });
  await time.pass(Promise.all(all));
  const after = await time.pass(readBack(replica(0), accounts));
  return {
    seed,
    attack: entries,
    control: {busy: false},
    times: {endedAt: now()},
    final: {
      projectedAt: Object.fromEntries(events.map(({account, id, projectedAt}) => [`${account}/${id}`, projectedAt])),
      written: Object.fromEntries(
        accounts.map(({account}) => [account, events.filter(event => event.account === account).map(({id}) => id)]),
      ),
      writeSideReads,
      after,
      rebuild: {state: 'done', reason: null, events: events.length},
      rebuilt: after,
    },
  } as unknown as Seen;
}

/** When the projection has what was written at `ms`, without what else it takes. */
function projectionOf(ms: number, drawn: Parameters): number {
  const {shortFrom, shortEveryMs, shortMs, shorts, longFrom, longs, stallMs} = SCHEDULE;
  const still = [
    ...Array.from({length: shorts}, (_, n) => [shortFrom + n * shortEveryMs, shortMs] as const),
    ...Array.from({length: longs}, (_, n) => [longFrom + n * drawn.everyMs, drawn.longMs] as const),
    [stallFrom(drawn), stallMs] as const,
  ].find(([from, forMs]) => ms >= from && ms < from + forMs);
  return still === undefined ? ms : still[0] + still[1];
}

async function readBack(model: ReadModel, accounts: readonly {readonly account: string}[]): Promise<ReadBack> {
  const read = async ({account}: {readonly account: string}) => {
    const request = {account, limit: 1_000, cursor: null, position: null, patienceMs: PATIENCE_MS};
    const answer = await model.read(request);
    return [account, 'page' in answer ? answer.page.items.map(({id}) => id) : 412] as const;
  };
  return Object.fromEntries(await Promise.all(accounts.map(read)));
}

function entryOf(
  id: string,
  {name, request, patienceMs, facts}: FollowUp | Operation,
  send: {readonly at: number; readonly durationMs: number; readonly status: number | null; readonly body: string},
): LedgerEntry {
  return {
    id,
    name,
    phase: 'attack',
    outcome: send.status === null ? 'info' : 'ok',
    status: send.status,
    sends: [{...send, to: ''}],
    operation: {request, patienceMs, facts},
  } as unknown as LedgerEntry;
}

/** Time that passes only when nobody has anything to do but wait for it. */
function createTime() {
  const waiting = new Map<number, (() => void)[]>();
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    sleep(ms: number): Promise<undefined> {
      return new Promise(resolve => {
        const at = now + Math.max(0, Math.ceil(ms));
        waiting.set(at, [...(waiting.get(at) ?? []), () => resolve(undefined)]);
      });
    },
    async pass<T>(work: Promise<T>): Promise<T> {
      let isOver = false;
      const end = (): void => {
        isOver = true;
      };
      work.then(end, end);
      for (await othersFirst(); !isOver; await othersFirst()) {
        now = Math.min(...waiting.keys());
        const due = waiting.get(now) ?? [];
        waiting.delete(now);
        for (const go of due) go();
      }
      return work;
    },
  };
}
