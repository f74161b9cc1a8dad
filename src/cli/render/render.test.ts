import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {StatusReport} from '../../controller/protocol.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import type {CheckResult} from '../../labs/verdict.ts';
import {bar, ms, percent, seconds} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {block, counted, listed, visibleLength, wrap} from '../output/text.ts';
import {renderFault} from './fault.ts';
import {renderLoad} from './load.ts';
import {renderStatus} from './status.ts';
import {renderCheck} from './verdict.ts';

const plain: Paint = {good: String, bad: String, warn: String, faint: String, strong: String, accent: String};
const options = {width: 80, paint: plain, now: 1_000_000};

describe('text', () => {
  it('is wrapped within its width, and loses no word', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,20}$/)), fc.integer({min: 20, max: 80}), (words, width) => {
        const lines = wrap(words.join(' '), width);
        expect(lines.every(line => line.length <= width)).toBe(true);
        expect(lines.join(' ').split(' ').filter(Boolean)).toEqual(words);
      }),
    );
  });

  it('keeps a word that is too long whole, so that it can be copied', () => {
    expect(wrap(`see ${'x'.repeat(100)} there`, 40)).toEqual(['see', 'x'.repeat(100), 'there']);
  });

  it('is indented below its label', () => {
    expect(block('one two three', 10, '   ', 'a')).toEqual(['a  one two', '   three']);
  });

  it('counts and lists in words', () => {
    expect([counted(1, 'node'), counted(0, 'node'), listed(['a', 'b', 'c']), listed(['a'])]).toEqual([
      '1 node',
      '0 nodes',
      'a, b and c',
      'a',
    ]);
  });
});

describe('table', () => {
  it('aligns columns whatever their colours, and wraps the last one only', () => {
    const lines = table(
      [
        ['a', '1', 'short'],
        ['\u001b[31mbbb\u001b[39m', '22', 'words that go on for longer than there is room'],
      ],
      {width: 30, right: [1]},
    );
    expect(lines.map(line => line.replace('\u001b[31m', '').replace('\u001b[39m', ''))).toEqual([
      'a     1  short',
      'bbb  22  words that go on for',
      '         longer than there is',
      '         room',
    ]);
  });

  it('is no wider than asked for where the other columns leave room', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z]{0,20}$/), fc.stringMatching(/^([a-z]{1,12} ){0,12}[a-z]{1,12}$/))),
        rows => {
          for (const line of table(rows, {width: 60})) expect(visibleLength(line)).toBeLessThanOrEqual(60);
        },
      ),
    );
  });
});

describe('figures', () => {
  it('have three digits at most, and a unit', () => {
    expect([
      ms(0.42),
      ms(12.4),
      ms(431),
      ms(12_000),
      seconds(4_600),
      seconds(61_000),
      seconds(150_000),
      percent(0.005),
      percent(1),
    ]).toEqual(['0.4 ms', '12 ms', '431 ms', '12 s', '4.6 s', '61 s', '2 min 30 s', '0.5 %', '100 %']);
  });

  it('draw a bar within its width', () => {
    fc.assert(fc.property(fc.double({min: -1, max: 2, noNaN: true}), share => bar(share, 10).length <= 10));
  });
});

const fault: FaultRecord = {
  id: 'f-abc',
  kind: 'latency',
  target: 'gateway->identity',
  attributes: {latency: 200, jitter: 0, distribution: 'uniform'},
  seed: 7,
  reason: 'chaos',
  proxies: ['gateway-1->identity-1'],
  nodes: [],
  undo: 'remove-toxic',
  toxic: 'latency',
  state: 'active',
  plannedAt: 999_000,
  appliedAt: 999_100,
  endsAt: 1_012_000,
  effect: {verdict: 'none', observed: 'round trip 0.6 ms, before 0.6 ms (5 probes)'},
};

const status: StatusReport = {
  session: 'abc',
  workspace: '/home/learner/teralab',
  runtime: 'process',
  controller: {pid: 4242},
  agent: {thread: 'worker threads'},
  nodes: [
    {
      name: 'gateway-1',
      service: 'gateway',
      state: 'ready',
      url: 'http://127.0.0.1:30441',
      pid: 1_234_567,
      restarts: 2,
      rssBytes: 68_000_000,
    },
    {
      name: 'identity-db',
      service: 'identity-db',
      state: 'paused',
      url: 'postgres://identity@127.0.0.1:30444/identity',
      pid: 1_234_568,
      restarts: 0,
      rssBytes: 25_000_000,
    },
  ],
  links: [
    {
      name: 'gateway->identity',
      address: '127.0.0.1:23327',
      toxics: [{id: 'f-abc', kind: 'latency'}],
      proxies: [
        {name: 'gateway-1->identity-1', address: '127.0.0.1:23327', listening: true, toxics: ['f-abc']},
        {name: 'gateway-1->identity-2', address: '127.0.0.1:23328', listening: false, toxics: []},
      ],
      traffic: {connections: {open: 2, total: 9, failed: 0}, bytes: {upstream: 400_000, downstream: 830_000}},
      http: {p50: 203.2, p99: 410, ratePerSecond: 12, errorShare: 0.021},
    },
    {
      name: 'identity->identity-db',
      address: '127.0.0.1:29299',
      toxics: [],
      proxies: [{name: 'identity-1->identity-db', address: '127.0.0.1:29299', listening: true, toxics: []}],
      traffic: {connections: {open: 0, total: 0, failed: 0}, bytes: {upstream: 0, downstream: 0}},
    },
  ],
  faults: [fault],
  check: null,
  urls: {gateway: ['http://127.0.0.1:4000']},
  connect: ['curl http://127.0.0.1:4000/openapi.json'],
};

describe('status', () => {
  const lines = renderStatus(status, options);

  it('shows nodes, links with toxics, faults with time left, URLs and lines to connect', () => {
    const text = lines.join('\n');
    for (const part of [
      'gateway-1',
      '✔ ready, 2 restarts',
      '‖ paused',
      '203 ms',
      '2.1 %',
      'latency',
      '12 s',
      'no effect',
      'http://127.0.0.1:4000',
      'curl http',
    ])
      expect(text).toContain(part);
  });

  it('shows the listeners of a link that has several', () => {
    expect(lines.find(line => line.includes('gateway-1->identity-2'))).toContain('closed');
  });

  it('says what each link has carried where there is room', () => {
    const wide = renderStatus(status, {...options, width: 100});
    expect(wide.find(line => line.startsWith('LINK'))).toContain('CARRIED');
    expect(wide.find(line => line.startsWith('gateway->identity'))).toMatch(/ 1\.2 MB {2}latency$/);
    expect(wide.find(line => line.startsWith('identity->identity-db'))).toMatch(/ 0 B {2}-$/);
    expect(wide.filter(line => visibleLength(line) > 100)).toEqual([]);
  });

  it('fits 80 columns', () => {
    expect(lines.filter(line => visibleLength(line) > 80)).toEqual([]);
  });
});

describe('a fault', () => {
  it('says that it has no effect when none was measured, and how to heal it', () => {
    const text = renderFault(fault, options).join('\n');
    expect(text).toContain('latency on gateway->identity (latency 200 ms): f-abc');
    expect(text).toContain('no effect: round trip 0.6 ms');
    expect(text).toContain('teralab chaos clear f-abc');
  });
});

const result: CheckResult = {
  lab: 'p0-00-first-break',
  verdict: 'fail',
  seed: 7,
  runtime: 'process',
  durationMs: 12_345,
  tasks: [
    {
      id: 'in-time',
      title: 'The page comes in time',
      verdict: 'fail',
      code: 'PAGE_TOO_LATE',
      observed: '39 of 51 pages',
      expected: '97 % of them',
      evidence: ['op 25: timeout', 'op 26: timeout'],
    },
    {
      id: 'whole',
      title: 'The page is whole',
      verdict: 'pass',
      code: null,
      observed: '42 of 42',
      expected: 'all',
      evidence: ['not shown'],
    },
  ],
};

describe('a check', () => {
  it('shows observed, expected and evidence of what failed, and the verdict last', () => {
    const lines = renderCheck(result, options);
    expect(lines[0]).toBe('✖ in-time: fail PAGE_TOO_LATE');
    expect(lines).toContain('  observed   39 of 51 pages');
    expect(lines).toContain('             op 26: timeout');
    expect(lines.join('\n')).not.toContain('not shown');
    expect(lines.at(-1)).toBe('✖ p0-00-first-break: fail (1 of 2 tasks passed, seed 7, 12 s)');
  });

  it('tells once what it says of every task', () => {
    const stopped = {
      verdict: 'inconclusive',
      code: 'UNHEALTHY_BASELINE',
      observed: '23 of 24',
      expected: '98 %',
      evidence: [],
    } as const;
    const lines = renderCheck(
      {
        ...result,
        verdict: 'inconclusive',
        tasks: [
          {id: 'a', title: 'A', ...stopped},
          {id: 'b', title: 'B', ...stopped},
        ],
      },
      options,
    );
    expect(lines.filter(line => line.includes('UNHEALTHY_BASELINE'))).toEqual([
      '? a, b: inconclusive UNHEALTHY_BASELINE',
    ]);
  });
});

describe('a load', () => {
  it('shows latency from the intended start beside the uncorrected one, within 80 columns', () => {
    const latency = {p50: 4, p90: 9, p99: 120, p999: 950, max: 1200};
    const lines = renderLoad(
      {
        rate: 50,
        durationMs: 10_000,
        sent: 500,
        ok: 490,
        failed: 8,
        dropped: 2,
        latencyMs: latency,
        uncorrectedMs: {...latency, p99: 11},
      },
      options,
    );
    expect(lines[0]).toBe('50/s offered for 10 s: 500 sent, 490 ok (98 %), 8 failed, 2 dropped');
    expect(lines.find(line => line.trim().startsWith('p99 '))).toMatch(/120 ms +11 ms/);
    expect(lines.filter(line => visibleLength(line) > 80)).toEqual([]);
  });
});
