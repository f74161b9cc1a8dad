import {describe, expect, it} from 'vitest';
import type {Broker, Delivery, Settlement} from '../../services/kit/broker.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {RunContext} from '../../src/labs/run/context.ts';
import {judgeTasks} from '../../src/labs/run/judge.ts';
import {startTimetable} from '../../src/labs/run/timetable.ts';
import {pass} from '../../src/labs/verdict.ts';
import {holdPartition} from './hold.ts';
import lab from './lab.ts';

const PARTITION = 3;
type Handle = Parameters<Broker['consume']>[1];

interface Group {
  /** Who has the partition while the third reader looks for it. */
  readonly member: string | null;
  /** Partitions that it is handed over, in order. */
  readonly given?: readonly number[];
}

/** A broker of which the third reader gets so much. */
function brokerOf({member, given = []}: Group) {
  const settled: (readonly Settlement[])[] = [];
  let underWay: Promise<unknown> = Promise.resolve();
  const consume = async (_: unknown, handle: Handle) => {
    const hand = async (partition: number): Promise<void> => {
      const batch = [
        {id: 'a', partition},
        {id: 'b', partition},
      ] as unknown as readonly Delivery[];
      settled.push(await handle(batch, {extend: async () => true}));
    };
    underWay = Promise.all(given.map(hand));
    return {stop: async () => void (await underWay)};
  };
  const lag = async () => [
    {stream: 'activity', group: 'alerts', partition: PARTITION, lag: 0, position: 9, member: 'stream-1'},
    {stream: 'activity', group: 'stream', partition: 1, lag: 0, position: 9, member: 'stream-1'},
    {stream: 'activity', group: 'stream', partition: PARTITION, lag: 4, position: 9, member},
  ];
  return {settled, tools: {broker: async () => ({consume, lag})} as unknown as LabTools};
}

function hold({tools}: ReturnType<typeof brokerOf>, {ms = 20, cut = new AbortController().signal} = {}): Promise<void> {
  const now = Date.now();
  return holdPartition(tools, {partition: PARTITION, paused: 'stream-2', getBy: now + ms, keepTo: now + 2 * ms}, cut);
}

describe('the third reader', () => {
  it('keeps its partition until the end, and gives back all that it is handed', async () => {
    const broker = brokerOf({member: 'slow-reader', given: [1, PARTITION]});
    const from = Date.now();
    await hold(broker);
    expect(Date.now() - from).toBeGreaterThanOrEqual(39);
    expect(broker.settled.flat()).toMatchObject([{settle: 'nak'}, {settle: 'nak'}]);
  });

  it('need not have the partition where the paused one has it', async () => {
    await expect(hold(brokerOf({member: 'stream-2', given: [1]}))).resolves.toBeUndefined();
  });

  it.each([
    ['stream-1', 'stream-1 has partition 3.'],
    [null, 'nobody has partition 3.'],
  ])('says that it came too late where %s has it', async (member, message) => {
    await expect(hold(brokerOf({member, given: [1]}))).rejects.toMatchObject({code: 'FAULT_FAILED', message});
  });

  it('is not asked any more once the run is decided', async () => {
    const cut = AbortSignal.abort();
    await expect(hold(brokerOf({member: 'stream-1'}), {ms: 60_000, cut})).resolves.toBeUndefined();
    const broker = brokerOf({member: 'slow-reader', given: [PARTITION]});
    await expect(hold(broker, {ms: 60_000, cut})).resolves.toBeUndefined();
  });

  it('leaves a run open when it came too late, and breaks no lab', async () => {
    const signal = new AbortController().signal;
    const context = {lab, signal, emit: () => undefined, system: {faults: () => []}} as unknown as RunContext;
    const act = {
      kind: 'act',
      name: 'another member is slow',
      atMs: 0,
      act: () => hold(brokerOf({member: 'stream-1'})),
    } as const;
    const timetable = startTimetable(context, [act], Date.now());
    await expect.poll(() => timetable.isOver()).toBe(true);
    const faultProblems = await timetable.end();
    expect(faultProblems).toEqual(['"another member is slow" could not be done: stream-1 has partition 3.']);

    const tasks = lab.tasks.map(task => ({...task, judge: () => pass('all is well', 'it is')}));
    const run = {tooLittle: undefined, bypasses: [], busy: false, busyBecause: '', recovered: true, quick: false};
    const verdicts = judgeTasks(
      lab,
      tasks as Parameters<typeof judgeTasks>[1],
      {} as Parameters<typeof judgeTasks>[2],
      {
        ...run,
        faultProblems,
      },
    );
    expect(verdicts.map(({code, verdict}) => [code, verdict])).toEqual(
      tasks.map(() => ['FAULT_TAMPERED', 'inconclusive']),
    );
  });
});
