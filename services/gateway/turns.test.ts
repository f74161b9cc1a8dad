import {expect, it} from 'vitest';
import {createManualClock, type ManualClock} from '../kit/testing/manual-clock.ts';
import {createTurns, type Turns} from './turns.ts';

const WITHIN_MS = 2_000;

it('begins two at once and no more, each of the others when one has ended', async () => {
  const {turns} = create();
  const begun: string[] = [];
  const ends = await Promise.all([take(turns, 'a', begun, '1'), take(turns, 'a', begun, '2')]);
  const third = take(turns, 'a', begun, '3');
  await settled();
  expect(begun).toEqual(['1', '2']);
  ends[0]();
  ends[0]();
  await third;
  void take(turns, 'a', begun, '4').catch(() => undefined);
  await settled();
  expect(begun).toEqual(['1', '2', '3']);
});

it('lets clients come one after the other, however much one of them asks for', async () => {
  const {turns} = create(4);
  const begun: string[] = [];
  const [end] = await Promise.all([take(turns, 'a', begun, 'a1'), take(turns, 'a', begun, 'a2')]);
  const waiting = [
    take(turns, 'a', begun, 'a3'),
    take(turns, 'a', begun, 'a4'),
    take(turns, 'b', begun, 'b1'),
    take(turns, 'c', begun, 'c1'),
  ];
  end();
  for (const one of [waiting[0], waiting[2], waiting[3]]) (await one)?.();
  await waiting[1];
  expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4']);
});

it('refuses a client with more waiting than any other when there is no room, with the time to come back', async () => {
  const {turns} = create();
  await fill(turns, 'flood');
  await expect(take(turns, 'flood')).rejects.toMatchObject({
    status: 429,
    kind: 'too-many-at-once',
    headers: {'retry-after': '2'},
  });
});

it('has whoever has the most waiting give way to another client', async () => {
  const {turns} = create();
  const {ends, waiting} = await fill(turns, 'flood');
  const begun: string[] = [];
  const other = take(turns, 'other', begun, 'other');
  await expect(waiting.at(-1)).rejects.toMatchObject({status: 429});
  ends[0]?.();
  (await waiting[0])?.();
  await other;
  expect(begun).toEqual(['other']);
});

it('refuses what has waited for too long, and what nobody waits for any more, and gives its room to others', async () => {
  const {turns, clock} = create();
  const {waiting} = await fill(turns, 'flood', WITHIN_MS * 2);
  const gone = new AbortController();
  const hasGone = turns.take('other', {withinMs: WITHIN_MS, gone: gone.signal});
  gone.abort();
  await expect(hasGone).rejects.toMatchObject({status: 429});
  await expect(turns.take('other', {withinMs: WITHIN_MS, gone: gone.signal})).rejects.toMatchObject({status: 429});
  const late = take(turns, 'other');
  clock.advance(WITHIN_MS);
  await expect(late).rejects.toMatchObject({status: 429});
  clock.advance(WITHIN_MS);
  expect((await Promise.allSettled(waiting)).every(({status}) => status === 'rejected')).toBe(true);
  const begun: string[] = [];
  void take(turns, 'flood', begun).catch(() => undefined);
  await settled();
  expect(begun).toEqual([]);
});

/** Two at once. */
function create(waitingMax = 3): {readonly turns: Turns; readonly clock: ManualClock} {
  const clock = createManualClock();
  return {turns: createTurns({atOnce: 2, waitingMax, clock}), clock};
}

async function fill(turns: Turns, client: string, withinMs = WITHIN_MS) {
  const ends = [await take(turns, client), await take(turns, client)];
  const waiting = Array.from({length: 3}, () => turns.take(client, {withinMs, gone: new AbortController().signal}));
  for (const one of waiting) one.catch(() => undefined);
  return {ends, waiting};
}

async function take(turns: Turns, client: string, begun: string[] = [], name = client): Promise<() => void> {
  const end = await turns.take(client, {withinMs: WITHIN_MS, gone: new AbortController().signal});
  begun.push(name);
  return end;
}

/** Whatever can go on without anything from outside has gone on. */
async function settled(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}
