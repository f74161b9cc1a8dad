import {describe, expect, it} from 'vitest';
import type {ToxicAttributes} from '../fabric/fabric.ts';
import {request, startTestSystem} from './testing.ts';

type Case = readonly [kind: string, target: string, attributes: ToxicAttributes, observed: RegExp];

describe('the effect of a fault of links', () => {
  const shown: readonly Case[] = [
    ['bandwidth', 'gateway-1->identity-1', {rate: '20KB'}, /^downstream .* [MK]B\/s -> \d+ KB\/s \(8000 B\)$/],
    ['bandwidth', 'gateway-1->identity-1', {rate: 0}, /^downstream: nothing arrived$/],
    ['bandwidth', 'identity-1->identity-db', {rate: 100, stream: 'both'}, /-> \d+ KB\/s \(40 KB\)$/],
    // Closings pass: this callee hangs up after its answer.
    ['timeout', 'gateway-1->identity-1', {}, /^5 of 5 probes cut without an answer$/],
    ['timeout', 'identity-1->identity-db', {}, /^no answer within 300 ms \(5 of 5 probes\)$/],
    // What arrives just when it closes is never read, and the system tells the sender so by a reset.
    [
      'timeout',
      'gateway-1->identity-1',
      {timeout: '50ms'},
      /^(5 of 5|\d of 5 probes cut without an answer, \d of 5) probes (cut without an answer|reset)$/,
    ],
    ['cutoff', 'gateway-1->identity-1', {after: '100ms'}, /^5 of 5 probes closed after their answer$/],
    ['reset', 'gateway-1->identity-1', {timeout: '100ms'}, /^5 of 5 probes reset$/],
    ['slow-open', 'gateway-1->identity-1', {delay: '80ms'}, /^round trip .* -> \d+(\.\d)? ms \(5 probes\)$/],
    ['slow-close', 'gateway-1->identity-1', {delay: '80ms'}, /^closing .* -> \d+(\.\d)? ms \(5 probes\)$/],
    ['slow-close', 'gateway-1->identity-1', {delay: '80ms', stream: 'upstream'}, /^closing .* -> \d+(\.\d)? ms/],
    [
      'slice',
      'gateway-1->identity-1',
      {'average-size': '64B', delay: '5ms'},
      /^downstream 2048 B in \d+ pieces? -> \d+ pieces$/,
    ],
    ['limit', 'gateway-1->identity-1', {bytes: 700}, /^downstream: closed after 700 B$/],
    ['limit', 'gateway-1->identity-1', {bytes: 0, stream: 'upstream'}, /^upstream: closed after 0 B$/],
    ['reply-status', 'gateway-1->identity-1', {}, /^5 of 5 probes answered with 503 in its place$/],
    ['reply-status', 'gateway-1->identity-1', {status: 429, when: 'after'}, /^5 of 5 probes answered with 429/],
  ];

  it.each(shown)('%s on %s with %j is measured', async (kind, target, attributes, observed) => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request(kind, target, {attributes}));
    expect(fault.effect?.observed).toMatch(observed);
    expect(fault.effect?.verdict).toBe('bites');
    const cleared = await system.engine.clear(fault.id);
    expect(cleared.healed?.verdict).toBe('none');
  });

  const unseen: readonly Case[] = [
    ['cutoff', 'gateway-1->identity-1', {after: '1m'}, /it may show in traffic$/],
    ['limit', 'gateway-1->identity-1', {bytes: '50MB'}, /it may show in traffic$/],
    ['bandwidth', 'gateway-1->identity-1', {rate: '9GB'}, /it may show in traffic$/],
    ['slice', 'gateway-1->identity-1', {'average-size': '10MB'}, /it may show in traffic$/],
    ['reply-status', 'gateway-1->identity-1', {path: '/v1/*'}, /it may show in traffic$/],
  ];

  it.each(unseen)('%s on %s with %j is pending until traffic shows it', async (kind, target, attributes, observed) => {
    await using system = await startTestSystem();
    const fault = await system.engine.inject(request(kind, target, {attributes}));
    expect(fault.effect?.observed).toMatch(observed);
    expect(fault.effect?.verdict).toBe('pending');
  });

  it('of toxicity 0 is none, whatever the kind', async () => {
    await using system = await startTestSystem();
    const faults: readonly (readonly [string, ToxicAttributes])[] = [
      ['bandwidth', {rate: 1}],
      ['timeout', {}],
      ['cutoff', {after: 0}],
      ['slow-open', {delay: 100}],
      ['slow-close', {delay: 100}],
      ['slice', {'average-size': 1, delay: '1ms'}],
      ['limit', {bytes: 1}],
      ['reply-status', {}],
    ];
    for (const [kind, attributes] of faults) {
      const options = {attributes: {...attributes, toxicity: 0}};
      const fault = await system.engine.inject(request(kind, 'gateway-1->identity-1', options));
      expect(`${kind} ${fault.effect?.verdict}`).toBe(`${kind} none`);
      await system.engine.clear(fault.id);
    }
  });

  it('is refused where attributes contradict each other', async () => {
    await using system = await startTestSystem();
    const attributes = {'average-size': 10, 'size-variation': 10};
    await expect(system.engine.inject(request('slice', 'gateway-1->identity-1', {attributes}))).rejects.toMatchObject({
      code: 'BAD_VALUE',
      message: expect.stringContaining('size-variation'),
    });
    expect(system.engine.history()).toEqual([]);
  });
});
