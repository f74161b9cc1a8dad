import {beforeEach, expect, it} from 'vitest';
import {createCollapser, type Read} from './collapse.ts';

interface Call {
  readonly signal: AbortSignal;
  answer(text: string): void;
  fail(error: Error): void;
}

let now: number;
let calls: Call[];
let collapser: ReturnType<typeof createCollapser>;

beforeEach(() => {
  now = 1_000;
  calls = [];
  collapser = createCollapser({now: () => now, monotonic: () => now, sleep: () => Promise.resolve()});
});

it('lets equal reads of one client that are under way share one call, and no others', async () => {
  const equal = [read(), read(), read()];
  const others = [read({client: 'other'}), read({what: 'stream /other'})];
  expect(calls).toHaveLength(3);
  for (const [index, call] of calls.entries()) call.answer(`answer ${index}`);
  expect(await Promise.all(equal)).toEqual(['answer 0', 'answer 0', 'answer 0']);
  expect(await Promise.all(others)).toEqual(['answer 1', 'answer 2']);
  void read();
  expect(calls).toHaveLength(4);
});

it('gives its failure to all who share it', async () => {
  const both = [read(), read()];
  calls[0]?.fail(new Error('no'));
  for (const one of both) await expect(one).rejects.toThrow('no');
  expect(calls).toHaveLength(1);
});

it('ends the call when the last of those who wait has left, and not before', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const both = [read({signal: first.signal}), read({signal: second.signal})];
  first.abort(new Error('gone'));
  await expect(both[0]).rejects.toThrow('gone');
  expect(calls[0]?.signal.aborted).toBe(false);
  second.abort(new Error('gone too'));
  await expect(both[1]).rejects.toThrow('gone too');
  expect(calls[0]?.signal.aborted).toBe(true);
  // What was given up is joined by nobody.
  void read();
  expect(calls).toHaveLength(2);
});

it('asks again for who waits longer than the one who made the call, once the time of that one is over', async () => {
  const [short, long] = [read({deadline: 2_000}), read({deadline: 3_000})];
  now = 2_000;
  calls[0]?.fail(new Error('too late'));
  await expect(short).rejects.toThrow('too late');
  await expect.poll(() => calls).toHaveLength(2);
  calls[1]?.answer('in time');
  expect(await long).toBe('in time');
});

it('lets a read that follows a change share nothing with reads before it', async () => {
  const before = read();
  collapser.forget('client');
  const after = read();
  expect(calls).toHaveLength(2);
  calls[0]?.answer('old');
  expect(await before).toBe('old');
  // The end of the old one takes nothing from the new one.
  const joined = read();
  expect(calls).toHaveLength(2);
  calls[1]?.answer('new');
  expect(await Promise.all([after, joined])).toEqual(['new', 'new']);
});

it('does not even ask for who has left already', async () => {
  await expect(read({signal: AbortSignal.abort(new Error('left'))})).rejects.toThrow('left');
  expect(calls).toHaveLength(0);
});

function read(more: Partial<Read> = {}): Promise<string> {
  return collapser.read({client: 'client', what: 'stream /windows', deadline: 9_000, ...more}, signal => {
    const {promise, resolve, reject} = withResolvers();
    calls.push({signal, answer: resolve, fail: reject});
    return promise;
  });
}

function withResolvers() {
  let resolve: (text: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return {promise, resolve, reject};
}
