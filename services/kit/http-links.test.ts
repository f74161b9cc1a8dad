import {expect, it} from 'vitest';
import {createHttpLinks} from './http-links.ts';
import type {Instance} from './links.ts';
import {createRequestContexts} from './request-context.ts';
import {createSystemClock} from './system-clock.ts';
import {startUpstream} from './testing/upstream.ts';
import {continueTrace} from './trace-context.ts';

const NOBODY: Instance = {node: 'identity-9', url: 'http://127.0.0.1:1'};

it('asks the instances in turn', async () => {
  await using one = await startUpstream('identity-1');
  await using two = await startUpstream('identity-2');
  await using fixture = open([one.instance, two.instance]);
  const nodes: string[] = [];
  for (let count = 0; count < 4; count += 1) nodes.push(await fixture.ask());
  expect(nodes).toEqual(['identity-1', 'identity-2', 'identity-1', 'identity-2']);
});

it('asks the next instance when a connection is refused, also for a POST, and the refusing one last', async () => {
  await using one = await startUpstream('identity-1');
  await using fixture = open([NOBODY, one.instance]);
  const answer = await fixture.links.request('identity', {
    method: 'POST',
    path: '/v1/accounts',
    body: '{"name":"Ada"}',
  });
  expect([answer.node, await answer.body.json()]).toEqual([
    'identity-1',
    {method: 'POST', path: '/v1/accounts', body: '{"name":"Ada"}'},
  ]);
  expect([await fixture.ask(), await fixture.ask(), await fixture.ask()]).toEqual([
    'identity-1',
    'identity-1',
    'identity-1',
  ]);
});

it('asks the instance that is named, and no other', async () => {
  await using one = await startUpstream('identity-1');
  await using two = await startUpstream('identity-2');
  await using fixture = open([one.instance, two.instance, NOBODY]);
  for (let count = 0; count < 3; count += 1)
    expect((await fixture.links.request('identity', {method: 'GET', path: '/', node: 'identity-2'})).node).toBe(
      'identity-2',
    );
  const {node} = NOBODY;
  await expect(fixture.links.request('identity', {method: 'GET', path: '/', node})).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  await expect(fixture.links.request('identity', {method: 'GET', path: '/', node: 'gone'})).rejects.toThrow(
    'LINKS names',
  );
});

it('does not send a request again that may have arrived', async () => {
  await using one = await startUpstream('identity-1', (_request, response) => void response.destroy());
  await using two = await startUpstream('identity-2');
  await using fixture = open([one.instance, two.instance]);
  await expect(fixture.links.request('identity', {method: 'POST', path: '/'})).rejects.toMatchObject({
    code: 'UND_ERR_SOCKET',
  });
  expect([one.received.length, two.received.length]).toEqual([1, 0]);
});

it('rejects when nobody listens, and when nobody is known', async () => {
  await using fixture = open([NOBODY]);
  await expect(fixture.ask()).rejects.toMatchObject({code: 'ECONNREFUSED'});
  await expect(fixture.links.request('nobody', {method: 'GET', path: '/'})).rejects.toThrow(
    'LINKS names no instance of nobody.',
  );
});

it('passes trace, deadline and authorization of the request under way on', async () => {
  await using one = await startUpstream('identity-1');
  await using fixture = open([one.instance]);
  const trace = continueTrace(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'vendor=1');
  await fixture.contexts.run({trace, deadline: 4_000_000_000_000, authorization: 'Bearer x'}, async () => {
    await Promise.resolve();
    await fixture.ask();
  });
  expect(one.received[0]?.headers).toMatchObject({
    tracestate: 'vendor=1',
    'x-deadline': '4000000000000',
    authorization: 'Bearer x',
  });
  expect(one.received[0]?.headers.traceparent).toBe(`00-${'a'.repeat(32)}-${trace.spanId}-01`);
});

it('frees the socket of a request that is aborted, before its answer or within it', async () => {
  await using one = await startUpstream('identity-1', () => undefined);
  await using fixture = open([one.instance]);
  const waiting = new AbortController();
  const unanswered = fixture.links.request('identity', {method: 'GET', path: '/', signal: waiting.signal});
  await expect.poll(() => one.received.length).toBe(1);
  waiting.abort(new Error('enough'));
  await expect(unanswered).rejects.toThrow('enough');
  await expect.poll(() => one.closed).toBe(1);

  one.answer((_request, response) => void response.writeHead(200).write('drip'));
  const reading = new AbortController();
  const dripping = await fixture.links.request('identity', {method: 'GET', path: '/', signal: reading.signal});
  const text = dripping.body.text();
  reading.abort(new Error('enough'));
  await expect(text).rejects.toThrow('enough');
  await expect.poll(() => one.closed).toBe(2);
});

function open(instances: readonly Instance[]) {
  const contexts = createRequestContexts();
  const links = createHttpLinks({instances: {identity: instances}, contexts, clock: createSystemClock()});
  return {
    contexts,
    links,
    async ask() {
      const answer = await links.request('identity', {method: 'GET', path: '/'});
      await answer.body.text();
      return answer.node;
    },
    [Symbol.asyncDispose]: () => links.close(),
  };
}
