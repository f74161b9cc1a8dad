import {describe, expect, it} from 'vitest';
import type {Evidence} from '../../src/labs/lab.ts';
import {createRandom} from '../../src/random.ts';
import type {Final, Setup} from './lab.ts';
import {clientOf, type Decisions, etagOf, pause} from './service.fixture.ts';
import {judgeWrites} from './write-judge.ts';
import {alone, type Race, race, WRITERS} from './writers.ts';

type Seen = Evidence<Setup, Final>;

/** What the writers see of a service that decides so. */
async function written(decisions: Partial<Decisions> = {}, seed = 1): Promise<Seen> {
  const [client, random] = [clientOf(decisions), createRandom(seed, 'writers')];
  const steps = await alone(client, random);
  const races = [await race(client, random)];
  return {final: {steps, races}, control: {busy: false}} as unknown as Seen;
}

const busy = (seen: Seen): Seen => ({...seen, control: {...seen.control, busy: true}});

/** The same, but that the race went otherwise. */
function raced(seen: Seen, change: (race: Race) => Partial<Race>): Seen {
  return {...seen, final: {...seen.final, races: seen.final.races.map(one => ({...one, ...change(one)}))}};
}

function done(write: () => void, status: number): number {
  write();
  return status;
}

describe("p1-14's judge of writes", () => {
  it('passes a service that looks and writes in one statement', async () => {
    expect(judgeWrites(await written())).toMatchObject({verdict: 'pass'});
  });

  it.each<[string, string, Decisions['change']]>([
    [
      'LOST_WRITE',
      'looks, and then writes',
      async ({ifMatch, now}, write) => {
        if (ifMatch === undefined) return 428;
        if (ifMatch !== etagOf(now())) return 412;
        await pause();
        write();
        return 200;
      },
    ],
    [
      'GHOST_WRITE',
      'writes, and then looks',
      ({ifMatch, now}, write) => {
        const before = etagOf(now());
        if (ifMatch === undefined) return 428;
        write();
        return ifMatch === before ? 200 : 412;
      },
    ],
    [
      'NOT_CONDITIONAL',
      'does not insist on If-Match',
      ({ifMatch, now}, write) => {
        if (ifMatch !== undefined && ifMatch !== etagOf(now())) return 412;
        write();
        return 200;
      },
    ],
    [
      'NOT_CONDITIONAL',
      'answers 412 to who names no version',
      ({ifMatch, now}, write) => (ifMatch === etagOf(now()) ? done(write, 200) : 412),
    ],
    [
      'NOTHING_ACCEPTED',
      'compares without the quotes',
      ({ifMatch, now}, write) =>
        ifMatch === undefined ? 428 : ifMatch === `${now().version}` ? done(write, 200) : 412,
    ],
    [
      'NOTHING_ACCEPTED',
      'accepts with another status',
      ({ifMatch, now}, write) => (ifMatch === undefined ? 428 : ifMatch === etagOf(now()) ? done(write, 204) : 412),
    ],
  ])('fails with %s a service that %s', async (code, _, change) => {
    for (const seed of [1, 2, 3]) expect(judgeWrites(await written({change}, seed))).toMatchObject({code});
  });

  it('fails with one more than was added, and with one less', async () => {
    const seen = await written();
    const raised = (by: number): Seen => raced(seen, race => ({last: (race.last ?? 0) + by}));
    expect(judgeWrites(raised(1))).toMatchObject({code: 'GHOST_WRITE'});
    expect(judgeWrites(raised(-1))).toMatchObject({code: 'LOST_WRITE'});
    const unsure = raced(raised(1), () => ({unknown: 1}));
    expect(judgeWrites(unsure)).toMatchObject({verdict: 'pass'});
  });

  it('calls lost what was accepted and cannot be read back, though nobody else wrote', async () => {
    const seen = await written();
    const steps = seen.final.steps.map(step => (step.kind === 'kept' ? {...step, got: 0} : step));
    expect(judgeWrites({...seen, final: {...seen.final, steps}})).toMatchObject({code: 'LOST_WRITE'});
  });

  it('does not pass where the item cannot be read, or more than half of the writers were not answered', async () => {
    const seen = await written();
    const nothing = {code: 'NOTHING_TO_JUDGE', verdict: 'inconclusive'};
    expect(judgeWrites({...seen, final: {...seen.final, races: []}})).toMatchObject(nothing);
    expect(judgeWrites({...seen, final: {...seen.final, steps: []}})).toMatchObject(nothing);
    expect(judgeWrites(raced(seen, () => ({last: null})))).toMatchObject(nothing);
    const unknown = (count: number): Seen => raced(seen, () => ({unknown: count}));
    expect(judgeWrites(unknown(WRITERS / 2))).toMatchObject({verdict: 'pass'});
    expect(judgeWrites(unknown(WRITERS / 2 + 1))).toMatchObject(nothing);
    const none = raced(seen, ({first}) => ({accepted: 0, added: 0, last: first, unknown: WRITERS}));
    expect(judgeWrites(none)).toMatchObject(nothing);
  });

  it('leaves a step open that a busy machine did not answer in time', async () => {
    const seen = await written();
    const steps = seen.final.steps.map(step => ({...step, status: null, got: null}));
    const silent = {...seen, final: {...seen.final, steps}};
    expect(judgeWrites(silent)).toMatchObject({verdict: 'fail'});
    expect(judgeWrites(busy(silent))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
  });
});
