import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {LedgerEntry, Operation} from '../../load/load.ts';
import {offeredShare, tooLittleWork} from './work.ts';

const plan = (count: number, everyMs: number): Operation[] =>
  Array.from({length: count}, (_, index) => ({
    id: `op-${index}`,
    name: 'op',
    atMs: index * everyMs,
    request: {method: 'GET', path: '/'},
    patienceMs: 1_000,
  }));

/** A ledger of a driver that sends the operations of a plan at its own times. */
function ledger(operations: readonly Operation[], sentAt: (operation: Operation) => number | undefined): LedgerEntry[] {
  return operations.map(({id, name, atMs, request, patienceMs}) => {
    const at = sentAt({id, name, atMs, request, patienceMs});
    return {
      id,
      name,
      phase: 'attack',
      intendedAt: atMs,
      outcome: at === undefined ? 'dropped' : 'ok',
      status: at === undefined ? null : 200,
      latencyMs: 1,
      uncorrectedMs: 1,
      sends: at === undefined ? [] : [{at, durationMs: 1, to: 'http://gateway', status: 200}],
      operation: {request, patienceMs},
    };
  });
}

describe('the work of a load', () => {
  const operations = plan(100, 50);

  it('is enough when it was offered as planned', () => {
    expect(
      tooLittleWork(
        {operations, okMin: 100},
        ledger(operations, ({atMs}) => atMs),
      ),
    ).toBeUndefined();
  });

  it('is measured as far as it went', () => {
    expect(
      offeredShare(
        {operations},
        ledger(operations.slice(0, 40), ({atMs}) => atMs),
      ),
    ).toBe(1);
  });

  it('is too little when nothing was sent, or too few were acknowledged', () => {
    expect(tooLittleWork({operations}, [])).toBe('no operation was sent');
    expect(
      tooLittleWork(
        {operations, okMin: 101},
        ledger(operations, ({atMs}) => atMs),
      ),
    ).toBe('100 operations were acknowledged, and it takes 101');
  });

  it('is too little when a third could not be sent, or all went out at half the speed', () => {
    const third = ledger(operations, ({id, atMs}) => (Number(id.slice(3)) % 3 === 0 ? undefined : atMs));
    expect(tooLittleWork({operations}, third)).toMatch(/^the offered rate was 6\d % of the plan's$/);
    expect(
      tooLittleWork(
        {operations},
        ledger(operations, ({atMs}) => atMs * 2),
      ),
    ).toBe("the offered rate was 50 % of the plan's");
    expect(
      tooLittleWork(
        {operations},
        ledger(operations, () => undefined),
      ),
    ).toBe("the offered rate was 0 % of the plan's");
  });

  it('never counts for more than the plan', () => {
    const times = fc.array(fc.option(fc.integer({min: 0, max: 20_000}), {nil: undefined}), {
      minLength: 100,
      maxLength: 100,
    });
    fc.assert(
      fc.property(times, sent => {
        const share = offeredShare(
          {operations},
          ledger(operations, ({id}) => sent[Number(id.slice(3))]),
        );
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
  });
});
