import {describe, expect, it} from 'vitest';
import type {LedgerEntry} from '../../src/load/load.ts';
import {createRandom} from '../../src/random.ts';
import type {Run} from './evidence.ts';
import {judgeClosing, judgeHealthy, judgeOpening, judgeOthers, judgeOthersFast, judgeWrites} from './judges.ts';
import {traffic} from './traffic.ts';

const [BEFORE, FROM] = [900_000, 1_000_000];
/** The hang, and what begins 5 s into it. */
const [HANG, OPEN, WELL] = [FROM + 3_000, FROM + 8_000, FROM + 15_000];
const JUDGES = [judgeOthers, judgeOthersFast, judgeOpening, judgeClosing, judgeWrites, judgeHealthy];

type Change = (entry: LedgerEntry) => Partial<LedgerEntry>;

/** The lab's own traffic, each request answered after 10 ms. */
function answered(phase: string, from: number, forMs: number): readonly LedgerEntry[] {
  return traffic(createRandom(1, phase), {token: ''}, phase, forMs).map(({id, name, atMs, request, patienceMs}) => ({
    ...{id, name, phase, intendedAt: from + atMs, outcome: 'ok', status: 200, latencyMs: 10, uncorrectedMs: 10},
    ...{sends: [], operation: {request, patienceMs}},
  }));
}

function request(at: number, more: Partial<Run['requests'][number]> = {}): Run['requests'][number] {
  return {link: 'gateway->stream', method: 'GET', path: '/v1/windows', at, ...more} as Run['requests'][number];
}

function write(at: number, trace: string): Run['requests'][number] {
  return request(at, {method: 'POST', traceparent: `00-${trace}-01-01`});
}

/** A breaker's run: while stream hangs its routes are refused at once, and one probe every two seconds goes out. */
function run(change: Partial<Run> = {}): Run {
  const refused = (entry: LedgerEntry): LedgerEntry =>
    entry.name !== 'read-account' && isIn(entry, HANG, WELL) ? {...entry, ...failed('stream')} : entry;
  return {
    baseline: answered('before', BEFORE, 5_000),
    attack: answered('attack', FROM, 26_000).map(refused),
    requests: [write(FROM, 'a'), write(FROM + 170, 'b'), ...[1, 3, 5].map(second => request(OPEN + second * 1_000))],
    faults: [{kind: 'pause', appliedAt: HANG, endedAt: WELL}],
    times: {baselineFrom: BEFORE, attackFrom: FROM},
    control: {busy: false},
    ...change,
  } as unknown as Run;
}

function isIn({intendedAt}: LedgerEntry, from: number, to: number): boolean {
  return intendedAt >= from && intendedAt < to;
}

function failed(service: string, kind = 'upstream-refused', why = 'it does not answer'): Partial<LedgerEntry> {
  const body = JSON.stringify({type: `urn:teralab:problem:${kind}`, detail: `${service} was not asked: ${why}.`});
  return {outcome: 'info', status: 503, sends: [{at: 0, durationMs: 1, to: '', status: 503, body}]};
}

/** Changes the first so many requests for identity of the 240 during the hang. */
function others(count: number, change: Change): Run {
  const {attack} = run();
  const some = attack.filter(entry => entry.name === 'read-account' && isIn(entry, HANG, WELL)).slice(0, count);
  return run({attack: attack.map(entry => (some.includes(entry) ? {...entry, ...change(entry)} : entry))});
}

describe("p2-05's judges", () => {
  it('pass a breaker, and nothing at all where nobody sent anything', () => {
    expect(JUDGES.map(judge => judge(run()).code)).toEqual(JUDGES.map(() => null));
    const silence = run({attack: [], baseline: [], requests: []});
    expect(JUDGES.map(judge => judge(silence).code)).toEqual(JUDGES.map(() => 'NOTHING_TO_JUDGE'));
  });

  it("tell a refusal of identity's routes from places that were taken, whatever the policy's words are", () => {
    expect(judgeOthers(others(2, () => failed('identity'))).verdict).toBe('pass');
    expect(judgeOthers(others(3, () => failed('identity'))).code).toBe('OTHERS_REFUSED');
    const probing = others(3, () => failed('identity', 'upstream-refused', 'a probe is in flight'));
    expect(judgeOthers(probing).code).toBe('OTHERS_REFUSED');
    const full = others(3, () => failed('identity', 'overloaded', '64 requests are in flight'));
    expect(judgeOthers(full).code).toBe('OTHERS_STARVED');
    const unanswered = others(3, () => ({outcome: 'info', status: null}));
    expect(judgeOthers(unanswered).code).toBe('OTHERS_STARVED');
    const control = {...unanswered.control, busy: true};
    expect(judgeOthers({...unanswered, control}).code).toBe('BUSY_MACHINE');
  });

  it('allow 100 ms on top of a fast baseline', () => {
    expect(judgeOthersFast(others(240, () => ({latencyMs: 110}))).verdict).toBe('pass');
    expect(judgeOthersFast(others(2, () => ({latencyMs: 2_000}))).verdict).toBe('pass');
    expect(judgeOthersFast(others(3, () => ({latencyMs: 111}))).code).toBe('OTHERS_SLOW');
    // Who is not answered has waited for all of its patience.
    expect(judgeOthersFast(others(3, () => ({outcome: 'info', latencyMs: 1}))).code).toBe('OTHERS_SLOW');
  });

  it('allow one probe a second, and tell crowds of them from going on as before', () => {
    const probes = (count: number) =>
      run({requests: Array.from({length: count}, (_, n) => request(OPEN + (7_000 / count) * n))});
    expect(judgeOpening(probes(8)).verdict).toBe('pass');
    expect(judgeOpening(probes(9)).code).toBe('PROBE_STAMPEDE');
    // 254 were wanted.
    expect(judgeOpening(probes(76)).code).toBe('PROBE_STAMPEDE');
    expect(judgeOpening(probes(77)).code).toBe('STILL_CALLING');
    const short = [{kind: 'pause', appliedAt: HANG, endedAt: HANG + 1_000}] as unknown as Run['faults'];
    expect(judgeOpening(run({faults: short})).code).toBe('NOTHING_TO_JUDGE');
  });

  it('want stream used again 10 s after it is well, as far as anybody still asks', () => {
    const refusing = (count: number, from = WELL) => {
      const {attack} = run();
      const reads = attack.filter(entry => entry.name === 'read-windows' && entry.intendedAt >= from).slice(0, count);
      return run({attack: attack.map(entry => (reads.includes(entry) ? {...entry, ...failed('stream')} : entry))});
    };
    expect(judgeClosing(refusing(300)).verdict).toBe('pass');
    expect(judgeClosing(refusing(1, WELL + 10_000)).verdict).toBe('pass');
    expect(judgeClosing(refusing(2, WELL + 10_000)).code).toBe('NOT_CLOSED');
    const late = [{kind: 'pause', appliedAt: HANG, endedAt: WELL + 1_500}] as unknown as Run['faults'];
    expect(judgeClosing(run({faults: late})).code).toBe('NOTHING_TO_JUDGE');
  });

  it('count a write that went out twice, by its trace', () => {
    const {requests} = run();
    expect(judgeWrites(run({requests: [...requests, request(FROM, {traceparent: '00-a-02-01'})]})).verdict).toBe(
      'pass',
    );
    expect(judgeWrites(run({requests: [...requests, write(FROM + 400, 'a')]})).code).toBe('UNSAFE_RETRY');
  });

  it('want a healthy stream used: 3 of 108 requests may fail, once it is warm', () => {
    const {baseline} = run();
    const refusing = (count: number) => {
      const some = baseline.filter(({name, intendedAt}) => name !== 'read-account' && intendedAt >= BEFORE + 2_000);
      const refused = some.slice(0, count);
      return run({
        baseline: baseline.map(entry => (refused.includes(entry) ? {...entry, ...failed('stream')} : entry)),
      });
    };
    expect(judgeHealthy(refusing(3)).verdict).toBe('pass');
    expect(judgeHealthy(refusing(4)).code).toBe('REFUSES_HEALTHY');
  });
});
