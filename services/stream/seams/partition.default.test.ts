import {expect, it} from 'vitest';
import type {Delivery, Settlement} from '../../kit/broker.ts';
import {createPartition} from './partition.default.ts';

const log = {debug() {}, info() {}, warn() {}, error() {}};
const clock = {now: () => 0, monotonic: () => 0, sleep: async () => undefined};
const {work} = createPartition({clock, log});
const extend = async () => true;
const key = (message: Delivery): string => message.key;

const batch = ['a1', 'b1', 'a2', 'c1', 'b2'].map((id, position): Delivery => {
  const where = {stream: 's', partition: 0, position, deliveries: 1, publishedAt: 0};
  return {...where, id, key: id[0] ?? '', type: 't', data: {}};
});

function recording(settle: (message: Delivery) => Settlement) {
  const calls: string[] = [];
  const handle = async (messages: readonly Delivery[]) => {
    calls.push(messages.map(({id}) => id).join(' '));
    return messages.map(settle);
  };
  return {calls, handle};
}

it('handles a batch as one where the subscription has no key', async () => {
  const {calls, handle} = recording(() => ({settle: 'ack'}));
  await work(batch, {key: undefined, extend, handle});
  expect(calls).toEqual(['a1 b1 a2 c1 b2']);
});

it('handles the messages of each key together, and gives settlements in the order of the batch', async () => {
  const {calls, handle} = recording(({id}) => ({settle: 'term', reason: id}));
  const settlements = await work(batch, {key, extend, handle});
  expect(calls).toEqual(['a1 a2', 'b1 b2', 'c1']);
  expect(settlements).toEqual(batch.map(({id}) => ({settle: 'term', reason: id})));
});

it('lets the messages of a key come again whose handling threw, and throws what all of them threw', async () => {
  const handle = async (messages: readonly Delivery[]): Promise<readonly Settlement[]> => {
    if (messages.some(message => message.key === 'b')) throw new Error('away');
    return messages.map(() => ({settle: 'ack'}));
  };
  const settlements = await work(batch, {key, extend, handle});
  expect(settlements.map(({settle}) => settle)).toEqual(['ack', 'nak', 'ack', 'ack', 'nak']);
  const failing = work(batch, {key, extend, handle: () => Promise.reject(new Error('away'))});
  await expect(failing).rejects.toThrow('away');
});
