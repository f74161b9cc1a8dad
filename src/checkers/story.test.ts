import {describe, expect, it} from 'vitest';
import {ledgerEntry, requestEntry} from './checkers.fixture.ts';
import {story} from './story.ts';

describe('a story', () => {
  const send = (at: number, status: number | null, error?: string) => ({
    at,
    durationMs: 200,
    to: 'http://gateway',
    status,
    ...(error === undefined ? {} : {error}),
  });

  it('begins with what was sent and what became of it, then tells it in order', () => {
    const entry = ledgerEntry(1_000, {
      id: 'register-317',
      sends: [send(1_000, null, 'timeout'), send(1_210, null, 'ECONNRESET'), send(1_431, 201)],
    });
    const requests = [requestEntry(1_001.4, {status: null, lost: 'drop_reply'}), requestEntry(1_432)];
    expect(story(entry, {requests, counts: {rows: 2}, events: [{at: 1_300, text: 'identity-1 was killed'}]})).toEqual([
      'op 317: sent 3 times, rows 2, at +0, +210, +431 ms',
      '  +0 ms POST /v1/accounts sent: timeout after 200 ms',
      '  +1 ms gateway-1->identity-1 POST /v1/accounts: no answer passed (drop_reply)',
      '  +210 ms POST /v1/accounts sent: ECONNRESET after 200 ms',
      '  +300 ms identity-1 was killed',
      '  +431 ms POST /v1/accounts sent: 201 after 200 ms',
      '  +432 ms gateway-1->identity-1 POST /v1/accounts: 201 after 5 ms',
    ]);
  });

  it('says whose an answer is that a toxic gave', () => {
    const requests = [
      requestEntry(1_001, {status: 503, injected: 'before'}),
      requestEntry(1_002, {status: 500, injected: 'after'}),
    ];
    expect(story(ledgerEntry(1_000, {sends: [send(1_000, 503)]}), {requests}).slice(2)).toEqual([
      '  +1 ms gateway-1->identity-1 POST /v1/accounts: 503 after 5 ms, injected in its place',
      "  +2 ms gateway-1->identity-1 POST /v1/accounts: 500 after 5 ms, injected in place of the callee's own",
    ]);
  });

  it('says how much it left out', () => {
    const events = Array.from({length: 30}, (_, index) => ({at: index, text: `event ${index}`}));
    const lines = story(ledgerEntry(0), {events, linesMax: 5});
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('  … 28 more');
  });

  it('tells of an operation that was never sent', () => {
    expect(story(ledgerEntry(5, {id: 'odd', sends: [], outcome: 'dropped'}))).toEqual(['op odd: never sent']);
  });
});
