import {describe, expect, it} from 'vitest';
import type {CreateReadModel} from '../../services/stream/seams/projection.ts';
import type {Judgement} from '../../src/labs/verdict.ts';
import {createRandom} from '../../src/random.ts';
import type {Seen} from './evidence.ts';
import {judgeEqual} from './judges.ts';
import lab from './lab.ts';
import {simulate} from './simulate.fixture.ts';

const SEEDS = [1, 2];

async function modelOf(variant: string): Promise<CreateReadModel> {
  const file = new URL(`./${variant}/projection.ts`, import.meta.url).href;
  return ((await import(/* @vite-ignore */ file)) as {createReadModel: CreateReadModel}).createReadModel;
}

function judge(seen: Seen): Readonly<Record<string, Judgement>> {
  return Object.fromEntries(lab.tasks.map(task => [task.id, task.judge(seen)]));
}

describe('the judges of reads, over simulated runs', () => {
  it.each(SEEDS)('pass the solution, whose reads come early as often as the question says: seed %i', async seed => {
    const seen = await simulate(await modelOf('solution'), seed);
    for (const [task, judgement] of Object.entries(judge(seen)))
      expect([task, judgement]).toMatchObject([task, {verdict: 'pass'}]);
    const random = () => createRandom(seed, 'prediction');
    const answer = lab.predict?.answer(random(), 'check') as {readonly low: number; readonly high: number};
    const measured = lab.predict?.measure(seen, 'check');
    expect(measured).toBeGreaterThan(answer.low);
    expect(measured).toBeLessThan(answer.high);
  });

  it.each(lab.wrong.map(({name, task, code}) => ({name, task, code})))(
    'refuse $name with $task/$code',
    async ({name, task, code}) => {
      const seen = await simulate(await modelOf(`wrong/${name}`), 1);
      expect(judge(seen)[task]).toMatchObject({code});
    },
  );

  it('refuse the start, as often as the question says', async () => {
    const seen = await simulate(await modelOf('start'), 1);
    expect(judge(seen)['own-writes']).toMatchObject({code: 'STALE_READ'});
    const answer = lab.predict?.answer(createRandom(1, 'prediction'), 'break') as {low: number; high: number};
    const measured = lab.predict?.measure(seen, 'break');
    expect(measured).toBeGreaterThan(answer.low);
    expect(measured).toBeLessThan(answer.high);
  });

  it.each<[string, string, string, CreateReadModel]>([
    [
      'sleeps when the write is not there at once',
      'own-lag',
      'WAITS_TOO_LONG',
      ({projection, clock}) => ({
        written: ({ids}) => ids.at(-1) ?? null,
        async read(request) {
          if (request.position !== null && !(await projection.has(request.account, request.position)))
            await clock.sleep(2_300);
          return {page: await projection.page(request), position: null};
        },
      }),
    ],
    [
      'looks at the write side whenever the projection is behind',
      'from-the-projection',
      'FROM_THE_WRITE_SIDE',
      ({projection, writeSide}) => ({
        written: ({ids}) => ids.at(-1) ?? null,
        async read(request) {
          const page = await projection.page(request);
          const isThere = page.items.some(({id}) => id === request.position);
          const more = isThere ? [] : await writeSide.waiting(request.account);
          return {page: {...page, items: [...more, ...page.items]}, position: null};
        },
      }),
    ],
    [
      'answers with an empty page',
      'own-writes',
      'STALE_READ',
      () => ({
        written: () => null,
        read: async () => ({page: {items: [], next: null}, position: null}),
      }),
    ],
    [
      'refuses every read',
      'own-writes',
      'READS_REFUSED',
      () => ({
        written: () => null,
        read: async () => ({behindForMs: 100}),
      }),
    ],
    [
      'waits for the position of somebody who brings none',
      'equal-after',
      'DIFFERS',
      ({projection}) => ({
        written: ({ids}) => ids.at(-1) ?? null,
        async read(request) {
          if (!(await projection.has(request.account, request.position ?? ''))) return {behindForMs: 100};
          return {page: await projection.page(request), position: null};
        },
      }),
    ],
  ])('refuse code that %s', async (_, task, code, createReadModel) => {
    expect(judge(await simulate(createReadModel, 1))[task]).toMatchObject({code});
  });
});

describe('the judges, over runs of which one thing is changed', () => {
  const sound = async () => simulate(await modelOf('solution'), 1);

  it('want what was written there once, in the end and after a rebuild', async () => {
    const seen = await sound();
    const end = (change: Partial<Seen['final']>, isBusy = false) =>
      judgeEqual({...seen, final: {...seen.final, ...change}, control: {...seen.control, busy: isBusy}});
    const {after} = seen.final;
    const [account = ''] = Object.keys(after);
    const ids = after[account] as readonly string[];
    for (const read of [ids.slice(1), [...ids, ...ids.slice(0, 1)], [...ids, 'not-written'], 412])
      expect([
        end({after: {...after, [account]: read}}).code,
        end({rebuilt: {...after, [account]: read}}).code,
      ]).toEqual(['DIFFERS', 'DIFFERS']);
    expect(end({rebuild: {state: 'failed', reason: 'it broke', events: 0}}).verdict).toBe('inconclusive');
    expect(end({written: {}, after: {}, rebuilt: {}}).verdict).toBe('inconclusive');
    const noneFrom = (status: number) => ({after: Object.fromEntries(Object.keys(after).map(who => [who, status]))});
    expect([503, 412].map(status => end(noneFrom(status), true).code)).toEqual(['BUSY_MACHINE', 'DIFFERS']);
    expect(end(noneFrom(503)).code).toBe('DIFFERS');
  });

  it('pass nobody whose reads were never answered, nor where nobody read', async () => {
    const seen = await sound();
    const unanswered = seen.attack.map(entry =>
      entry.id.includes('.')
        ? {...entry, status: null, sends: entry.sends.map(send => ({...send, status: null, durationMs: 6_000}))}
        : entry,
    );
    const hung = judge({...seen, attack: unanswered});
    expect([hung['own-writes']?.verdict, hung.bounded?.code]).toEqual(['inconclusive', 'HELD_UP']);
    const silence = {...seen, attack: [], final: {...seen.final, written: {}, after: {}, rebuilt: {}}};
    for (const [task, judgement] of Object.entries(judge(silence)))
      expect([task, judgement.code]).toEqual([task, 'NOTHING_TO_JUDGE']);
  });
});

describe('the judges of reads, in the midst of a run', () => {
  it('fail nothing of the solution that is declared to be settled', async () => {
    const seen = await simulate(await modelOf('solution'), 1);
    for (const part of looksAt(seen)) expect([part.at, settledIn(part)]).toEqual([part.at, []]);
  });

  it.each(['sleep-long-enough', 'from-the-write-side', 'in-the-position', 'fresh-once', 'never-here-yet'])(
    'have decided on %s long before its end, as they do then',
    async name => {
      const seen = await simulate(await modelOf(`wrong/${name}`), 1);
      const {task, code} = lab.wrong.find(wrong => wrong.name === name) ?? {task: '', code: ''};
      const parts = looksAt(seen).slice(0, -4);
      expect(parts.flatMap(settledIn)).toContain(`${task}/${code}`);
    },
  );
});

interface Part {
  readonly at: number;
  readonly soFar: Seen;
  /** With the writes that are to come, answered well. */
  readonly atBest: Seen;
}

/** What is seen of a run once a second. */
function looksAt(seen: Seen): readonly Part[] {
  const endOf = ({sends}: Seen['attack'][number]): number => (sends[0]?.at ?? 0) + (sends[0]?.durationMs ?? 0);
  const [from, to] = [Math.min(...seen.attack.map(endOf)), Math.max(...seen.attack.map(endOf))];
  return Array.from({length: Math.floor((to - from) / 1_000)}, (_, index) => {
    const at = from + (index + 1) * 1_000;
    const attack = seen.attack.filter(entry => endOf(entry) <= at);
    const toCome = seen.attack.filter(entry => !entry.id.includes('.') && endOf(entry) > at);
    const projectedAt = Object.fromEntries(Object.entries(seen.final.projectedAt).filter(([, when]) => when <= at));
    const share = attack.length / seen.attack.length;
    const final = {...seen.final, projectedAt, writeSideReads: Math.floor(seen.final.writeSideReads * share)};
    const soFar = {...seen, attack, final, times: {...seen.times, endedAt: at}};
    return {at, soFar, atBest: {...soFar, attack: [...attack, ...toCome]}};
  });
}

/** `task/CODE` of each fail that is declared to be settled. */
function settledIn({soFar, atBest}: Part): readonly string[] {
  return lab.tasks.flatMap(({id, judge: judgeTask, settled = {}}) =>
    Object.entries(settled).flatMap(([code, how]) =>
      judgeTask(how === 'once-lost' ? atBest : soFar).code === code ? [`${id}/${code}`] : [],
    ),
  );
}
