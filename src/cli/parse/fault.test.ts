import {describe, expect, it} from 'vitest';
import {parseFault} from './fault.ts';

describe('a fault in words', () => {
  it('has a kind, a target, a time, and what its kind takes', () => {
    expect(parseFault('latency gateway->identity latency=200ms jitter=50 at=1s for=2500ms')).toEqual([
      {
        kind: 'latency',
        target: 'gateway->identity',
        attributes: {latency: '200ms', jitter: 50},
        atMs: 1_000,
        forMs: 2_500,
      },
    ]);
    expect(parseFault('reset identity->* probability=10% at=0')).toMatchObject([
      {attributes: {probability: 0.1}, atMs: 0},
    ]);
  });

  it('comes after two seconds and lasts five where nothing is said, and follows the one before', () => {
    const [first] = parseFault('pause stream');
    expect(first).toMatchObject({atMs: 2_000, forMs: 5_000});
    expect(parseFault('crash identity', parseFault('pause stream')).map(({kind}) => kind)).toEqual(['pause', 'crash']);
  });

  it.each(['', 'pause', 'pause stream soon', 'pause stream at=', 'pause stream for=5'])('is refused: "%s"', raw => {
    expect(() => parseFault(raw)).toThrow();
  });
});
