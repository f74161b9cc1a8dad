import {describe, expect, it} from 'vitest';
import {defaultTopology} from '../topology/default.ts';
import {planTopology} from '../topology/plan-topology.ts';
import {FAULT_CATALOGUE} from './catalogue.ts';
import {checkRequest} from './check-request.ts';
import {type ResolvedRequest, resolveRequest} from './entry.ts';
import {CUT_FAULTS, LINK_FAULTS, NODE_FAULTS} from './fault.ts';
import {request} from './testing.ts';

const plan = planTopology(defaultTopology(), {replicas: {gateway: 2, identity: 2}});
const resolve = (kind: string, target: string, attributes = {}, seed = 7): ResolvedRequest =>
  resolveRequest(request(kind, target, {attributes, seed}), plan);
const proxies = (resolved: ResolvedRequest): readonly string[] => resolved.target.proxies.map(({name}) => name);

describe('the catalogue', () => {
  it('has every kind of fault once, and examples that pass its own checks', () => {
    const kinds = [...LINK_FAULTS, ...CUT_FAULTS, ...NODE_FAULTS];
    expect(FAULT_CATALOGUE.map(({kind}) => kind)).toEqual(kinds);
    for (const {kind, example} of FAULT_CATALOGUE) {
      expect(example).toMatch(new RegExp(`^teralab chaos ${kind} `));
      const words = [...example.matchAll(/--([a-z-]+) (\S+)/g)].filter(([, name]) => name !== 'for');
      const attributes = Object.fromEntries(words.map(([, name = '', value = '']) => [name, value]));
      const target = /chaos \S+ '?([^' ]+)'?/.exec(example)?.[1] ?? '';
      expect(() => resolve(kind, target, attributes)).not.toThrow();
    }
  });
});

describe('a request', () => {
  it('gets the defaults of its kind and numbers as numbers', () => {
    const {attributes} = checkRequest(request('latency', 'identity', {attributes: {latency: '0.2s'}}));
    expect(attributes).toEqual({latency: 200, jitter: 0, distribution: 'uniform', stream: 'downstream', toxicity: 1});
  });

  it('takes shares as a percentage too', () => {
    expect(checkRequest(request('redeliver', 'stream', {attributes: {share: '20%'}})).attributes).toEqual({share: 0.2});
    expect(() => checkRequest(request('busy', 'stream', {attributes: {period: '20%'}}))).toThrow(
      /from 10 to 600000 ms/,
    );
  });

  it('takes sizes with their unit, and times that lie behind', () => {
    expect(checkRequest(request('memory', 'identity', {attributes: {limit: '96MB'}})).attributes).toEqual({
      limit: 96_000_000,
    });
    expect(checkRequest(request('skew', 'identity', {attributes: {offset: '-1.5s'}})).attributes).toEqual({
      offset: -1500,
      drift: 0,
    });
  });

  it.each([
    ['latncy', {}, 'UNKNOWN_FAULT', 'Did you mean "latency"?'],
    ['latency', {latency: 5, jiter: 3}, 'UNKNOWN_ATTRIBUTE', 'Did you mean "jitter"?'],
    ['pause', {grace: 3}, 'UNKNOWN_ATTRIBUTE', 'it takes none'],
    ['latency', {}, 'BAD_VALUE', 'needs latency'],
    ['latency', {latency: -1}, 'BAD_VALUE', 'from 0 to 600000 ms'],
    ['latency', {latency: 'soon'}, 'BAD_VALUE', 'not "soon"'],
    ['latency', {latency: 5, toxicity: 2}, 'BAD_VALUE', 'from 0 to 1'],
    ['latency', {latency: 5, stream: 'up'}, 'BAD_VALUE', 'one of upstream, downstream, both'],
    ['refuse', {toxicity: 0.5}, 'UNKNOWN_ATTRIBUTE', 'takes none'],
    ['crash-point', {point: 'after_comit_before_publish'}, 'BAD_VALUE', 'Did you mean "after_commit_before_publish"?'],
    ['throttle', {cpu: 0}, 'BAD_VALUE', 'from 0.01 to 1'],
    ['memory', {limit: '1MB'}, 'BAD_VALUE', 'from 6291456 to 64000000000 bytes'],
    ['packet-loss', {loss: 0.1, direction: 'up'}, 'BAD_VALUE', 'one of in, out, both'],
    ['crash-point', {point: 'before_ack', times: 1.5}, 'BAD_VALUE', 'whole number'],
  ])('for %s with %j is refused with %s', (kind, attributes, code, text) => {
    expect(() => resolve(kind, 'identity', attributes)).toThrow(
      expect.objectContaining({code, message: expect.stringContaining(text)}),
    );
  });

  it('has to last between 1 ms and a day', () => {
    expect(() => checkRequest(request('pause', 'identity', {forMs: 0}))).toThrow(/from 1 ms to 24 hours/);
  });
});

describe('a target', () => {
  it('of a link fault is a link, all instances of it, a wildcard, or what leads into a node or service', () => {
    expect(proxies(resolve('blackhole', 'gateway-1->identity-2'))).toEqual(['gateway-1->identity-2']);
    expect(proxies(resolve('blackhole', 'gateway->identity'))).toHaveLength(4);
    expect(proxies(resolve('blackhole', 'identity-1->*'))).toEqual([
      'identity-1->stream-1',
      'identity-1->identity-db',
      'identity-1->broker',
    ]);
    expect(proxies(resolve('blackhole', '*->broker'))).toEqual([
      'gateway-1->broker',
      'gateway-2->broker',
      'identity-1->broker',
      'identity-2->broker',
      'stream-1->broker',
    ]);
    expect(proxies(resolve('blackhole', 'identity-2'))).toEqual([
      'gateway-1->identity-2',
      'gateway-2->identity-2',
      'stream-1->identity-2',
    ]);
    expect(proxies(resolve('blackhole', 'client->gateway'))).toEqual(['client->gateway-1', 'client->gateway-2']);
  });

  it('of a fault of HTTP is only links that speak it', () => {
    expect(proxies(resolve('drop-reply', 'stream->*'))).toEqual(['stream-1->identity-1', 'stream-1->identity-2']);
    expect(() => resolve('drop-reply', 'identity-db')).toThrow(expect.objectContaining({code: 'NOT_POSSIBLE_HERE'}));
  });

  it('of a node fault is a node, several, or all of a service', () => {
    expect(resolve('pause', 'identity').target.nodes).toEqual(['identity-1', 'identity-2']);
    expect(resolve('crash', 'broker,stream').target.nodes).toEqual(['stream-1', 'broker']);
    expect(() => resolve('crash-point', 'broker', {point: 'before_ack'})).toThrow(/services of the lab only/);
  });

  it('of a cut is a set against all others, or two sets', () => {
    expect(proxies(resolve('partition', 'identity|stream'))).toEqual([
      'stream-1->identity-1',
      'stream-1->identity-2',
      'identity-1->stream-1',
      'identity-2->stream-1',
    ]);
    expect(proxies(resolve('isolate', 'gateway-1'))).toEqual([
      'client->gateway-1',
      'gateway-1->identity-1',
      'gateway-1->identity-2',
      'gateway-1->stream-1',
      'gateway-1->broker',
    ]);
    const both = proxies(resolve('partition', 'identity,stream'));
    expect(both).not.toContain('stream-1->identity-1');
    expect(both).toContain('stream-1->broker');
    expect(() => resolve('partition', 'identity|identity-1')).toThrow(/both sides/);
    expect(() => resolve('partition', 'gateway|identity-db')).toThrow(/No link crosses/);
  });

  it.each([
    ['pause', 'identty', 'Did you mean "identity"?'],
    ['blackhole', 'gateway->identty', 'Did you mean "identity"?'],
    ['blackhole', 'stream->gateway', 'There is no link'],
    ['blackhole', 'client', 'No link leads to client'],
    ['pause', 'gateway->identity', 'is a link'],
    ['isolate', 'identity|stream', 'no target of isolate'],
    ['pause', '', 'needs a target'],
  ])('that is wrong (%s %s) is refused with a hint', (kind, target, text) => {
    expect(() => resolve(kind, target)).toThrow(
      expect.objectContaining({code: 'UNKNOWN_TARGET', message: expect.stringContaining(text)}),
    );
  });

  it('at random is drawn from what the kind can take, the same for the same seed', () => {
    const seeds = Array.from({length: 40}, (_, seed) => seed);
    const nodes = seeds.map(seed => resolve('crash-point', 'random', {point: 'before_ack'}, seed).target.target);
    expect(new Set(nodes)).toEqual(new Set(['gateway-1', 'gateway-2', 'identity-1', 'identity-2', 'stream-1']));
    expect(seeds.map(seed => resolve('crash-point', 'random', {point: 'before_ack'}, seed).target.target)).toEqual(
      nodes,
    );
    const links = seeds.map(seed => resolve('drop-reply', 'random', {}, seed).target.target);
    expect(links.every(link => !/db|broker/.test(link))).toBe(true);
  });
});

describe('a cut in one direction', () => {
  it('holds bytes towards the target: upstream on links into it, downstream on links out of it', () => {
    const {parts} = resolve('isolate', 'identity-1', {direction: 'to'});
    expect(parts.map(({kind, stream}) => `${kind} ${stream}`)).toEqual(['blackhole upstream', 'blackhole downstream']);
    expect(parts[0]?.proxies).toEqual(['gateway-1->identity-1', 'gateway-2->identity-1', 'stream-1->identity-1']);
    expect(parts[1]?.proxies).toEqual(['identity-1->stream-1', 'identity-1->identity-db', 'identity-1->broker']);
  });

  it('refuses the calls into the target when it refuses', () => {
    const {parts} = resolve('isolate', 'identity-1', {direction: 'to', mode: 'refuse'});
    expect(parts).toHaveLength(1);
    expect(parts[0]).toMatchObject({kind: 'refuse', stream: 'both'});
    expect(parts[0]?.proxies).toHaveLength(3);
  });
});
