import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {clockTime, looksOf, oracleOf, type Seen, wrongSeconds} from './evidence.ts';
import {type Due, type LoggedEvent, TERMS} from './oracle.ts';

/** Fewer events than this of a kind say nothing. */
const PROBES_MIN = 3;

/** Source records against counts: every second holds the events that happened in it, less the late ones. */
export function judgeWindows(seen: Seen): Judgement {
  const {log, made} = seen.final;
  const wrong = wrongSeconds(log, made);
  const counted = sum(Object.values(made.seconds));
  const total = `${log.length} events were published; ${counted} are counted, ${made.late.length} put aside`;
  const expected = 'each event is counted in the second in which it happened, or put aside';
  if (log.length === 0) return inconclusive('NOTHING_TO_JUDGE', total, expected);
  const [worst] = wrong;
  if (worst === undefined) return pass(`0 seconds differ from the offline count; ${total}`, expected);
  const story = storyOfSecond(seen, worst.second);
  const lines = wrong
    .slice(0, 3)
    .map(
      one => `second ${clockTime(one.second).slice(0, 8)}: ${one.happened} happened in it, ${one.counted} are counted`,
    );
  if (counted + made.late.length !== log.length)
    return unlessBusy(
      seen.control.busy,
      (counted + made.late.length) / log.length,
      fail('EVENTS_MISSING', total, 'each event is counted once, or put aside', [...lines, ...story]),
    );
  return fail('WRONG_WINDOW', `${wrong.length} seconds differ from the offline count; ${total}`, expected, [
    ...story,
    ...lines,
  ]);
}

export function judgeLate(seen: Seen): Judgement {
  const late = new Set(seen.final.made.late);
  const early = withDue(seen, 'on time').filter(({id}) => late.has(id));
  const tooLate = withDue(seen, 'late');
  const counted = tooLate.filter(({id}) => !late.has(id));
  const either = withDue(seen, 'either').length;
  const observed = `${late.size} events were put aside: ${early.length} that were on time; ${counted.length} of ${tooLate.length} that came too late were counted`;
  const expected = 'those, and only those, that are behind the clock by more than 30 s';
  const facts = [`${either} events may be either, as it depends on who was read first: they are not judged`];
  if (counted.length > 0) return fail('LATE_COUNTED', observed, expected, [...storyOf(seen, counted), ...facts]);
  if (early.length > 0) return fail('ON_TIME_CALLED_LATE', observed, expected, [...storyOf(seen, early), ...facts]);
  if (tooLate.length < PROBES_MIN)
    return inconclusive('NOTHING_TO_JUDGE', `only ${tooLate.length} events were surely too late`, expected, facts);
  return pass(observed, expected, facts);
}

/** Some events are late only if the clock went on without the partition that fell silent. */
export function judgeSilence(seen: Seen): Judgement {
  const late = new Set(seen.final.made.late);
  const bySilence = withDue(seen, 'late by silence');
  const counted = bySilence.filter(({id}) => !late.has(id));
  const {clockMin, lateByOthers} = oracleOf(seen);
  const from = seen.times.recoveredAt ?? Number.POSITIVE_INFINITY;
  const looks = looksOf(seen.replay).filter(({at}) => at >= from);
  const last = looks.at(-1);
  const isStanding = last !== undefined && (last.clock === null || (clockMin !== null && last.clock < clockMin));
  const observed = `${bySilence.length - counted.length} of ${bySilence.length} events that are late since a partition fell silent were put aside; the clock ${isStanding ? `stood at ${last.clock === null ? 'no time at all' : clockTime(last.clock)}` : 'had gone on'}`;
  const expected = `a partition that says nothing for 5 s and has nothing left to read is not waited for${clockMin === null ? '' : `: the clock is ${clockTime(clockMin)} at least`}`;
  // Where nothing at all is late, it is not the silence that keeps it so.
  const nothingIsLate = withDue(seen, 'late').some(({id}) => !late.has(id));
  if (isStanding || (counted.length > 0 && !nothingIsLate))
    return unlessBusy(
      seen.control.busy,
      isStanding ? 0 : 1 - counted.length / bySilence.length,
      fail('CLOCK_STANDS', observed, expected, storyOf(seen, counted)),
    );
  if (looks.length === 0 || bySilence.length < PROBES_MIN || lateByOthers.size === 0)
    return inconclusive(
      'NOTHING_TO_JUDGE',
      `${bySilence.length} events were late by the silence alone, ${lateByOthers.size} of them for others than their own partition, and ${looks.length} looked`,
      expected,
    );
  return pass(observed, expected);
}

/** What was said to be final is what is there in the end. */
export function judgeFinal(seen: Seen): Judgement {
  const {seconds} = seen.final.made;
  const looks = looksOf([...seen.attack, ...seen.replay]);
  const finals = looks.flatMap(look =>
    look.windows.filter(({state}) => state === 'final').map(window => ({...window, at: look.at})),
  );
  const countOf = (start: number, end: number): number =>
    sum(
      Object.entries(seconds).flatMap(([second, count]) =>
        Number(second) >= start && Number(second) < end ? [count] : [],
      ),
    );
  const changed = finals.filter(({start, end, count}) => count !== countOf(start, end));
  const windows = new Set(finals.map(({start}) => start)).size;
  const observed = `${looks.length} looks showed ${windows} windows as final, and ${new Set(changed.map(({start}) => start)).size} of them changed afterwards`;
  const expected = 'who has read a final window need not read it again';
  const [first] = changed;
  if (first !== undefined)
    return fail('FINAL_CHANGED', observed, expected, [
      `window ${clockTime(first.start)}: final with ${first.count} events at ${clockTime(first.at)}, ${countOf(first.start, first.end)} in the end`,
    ]);
  const {clockMin} = oracleOf(seen);
  const old = looks.some(look => look.windows.some(({end}) => clockMin !== null && end + TERMS.latenessMs <= clockMin));
  if (windows === 0 && old)
    return fail('NEVER_FINAL', observed, `${expected}; there were windows that nothing can change any more`);
  if (windows === 0) return inconclusive('NOTHING_TO_JUDGE', 'nobody saw a window that was old enough', expected);
  return pass(observed, expected);
}

export function judgeReplay(seen: Seen): Judgement {
  const {log, made, again, rebuild} = seen.final;
  const expected = 'the same counts and the same late events, from the same events';
  if (log.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'nothing was published', expected);
  if (rebuild.state !== 'done') {
    const how = rebuild.state === 'failed' ? `ended with: ${rebuild.reason}` : 'did not end';
    const read = `${rebuild.events} of ${log.length} events had been read`;
    const failed = fail('REPLAY_FAILED', `the replay ${how}`, expected, [read]);
    return unlessBusy(seen.control.busy && rebuild.state === 'unfinished', 1, failed);
  }
  const open = new Set(withDue(seen, 'either').map(({id}) => id));
  const [before, after] = [new Set(made.late), new Set(again.late)];
  const moved = log.filter(({id}) => !open.has(id) && before.has(id) !== after.has(id));
  const wrong = wrongSeconds(log, again);
  const differs = Object.keys({...made.seconds, ...again.seconds}).filter(
    second => (made.seconds[second] ?? 0) !== (again.seconds[second] ?? 0),
  );
  const observed = `${rebuild.events} events were read again: ${differs.length} seconds and ${moved.length} late events differ`;
  // Where an event may be either, seconds may differ by it; what is counted has to be right all the same.
  if (moved.length === 0 && (differs.length === 0 || (open.size > 0 && wrong.length === 0)))
    return pass(observed, expected);
  return fail('REPLAY_DIFFERS', observed, expected, [
    ...moved
      .slice(0, 3)
      .map(
        event =>
          `${tell(event)}: ${before.has(event.id) ? 'late' : 'counted'} at first, ${after.has(event.id) ? 'late' : 'counted'} in the replay`,
      ),
    ...differs
      .slice(0, 3)
      .map(
        second =>
          `second ${clockTime(Number(second)).slice(0, 8)}: ${made.seconds[second] ?? 0} at first, ${again.seconds[second] ?? 0} in the replay`,
      ),
  ]);
}

function withDue(seen: Seen, due: Due): readonly LoggedEvent[] {
  const oracle = oracleOf(seen);
  return seen.final.log.filter(({id}) => oracle.due.get(id) === due);
}

function storyOf({final}: Seen, events: readonly LoggedEvent[]): readonly string[] {
  return events.slice(0, 3).map(event => {
    const before = final.log.filter(other => other.partition === event.partition && other.position < event.position);
    const newest = before.reduce((most, {at}) => Math.max(most, at), Number.NEGATIVE_INFINITY);
    const own = Number.isFinite(newest)
      ? `${((newest - event.at) / 1000).toFixed(1)} s behind the newest of its partition`
      : 'the first of its partition';
    const others = final.log
      .filter(other => other.partition !== event.partition && other.position < event.position)
      .reduce((most, {at}) => Math.max(most, at), event.at);
    return `${tell(event)}: ${own}, ${((others - event.at) / 1000).toFixed(1)} s behind the newest of the others`;
  });
}

/** An event that happened in that second, and one that did not and may be counted in it. */
function storyOfSecond({final}: Seen, second: number): readonly string[] {
  const own = final.log.find(({at}) => Math.floor(at / 1_000) * 1_000 === second);
  const published = final.log.find(({publishedAt}) => Math.floor(publishedAt / 1_000) * 1_000 === second);
  return [...new Set([own, published])].flatMap(event => (event === undefined ? [] : [tell(event)]));
}

function tell({id, partition, at, publishedAt}: LoggedEvent): string {
  const after = ((publishedAt - at) / 1_000).toFixed(1);
  return `event ${id.split('/').at(-1)} of partition ${partition}: happened at ${clockTime(at)}, published ${after} s later`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
