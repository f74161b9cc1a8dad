import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {Incident} from './clients.ts';
import type {Run} from './evidence.ts';

const ROUNDS_MIN = 12;
const TODAYS_COLUMNS = 'city,fullname,id';
const STAGES = 11;
const ENDED: ReadonlySet<Run['events'][number]['type']> = new Set(['seam-error', 'exit-called']);

export function judgeOldClients(evidence: Run): Judgement {
  return judgeClients(evidence, 'old', 'OLD_CLIENT_BREAKS');
}

export function judgeNewClients(evidence: Run): Judgement {
  return judgeClients(evidence, 'new', 'NEW_CLIENT_BREAKS');
}

function judgeClients(evidence: Run, client: 'old' | 'new', code: string): Judgement {
  const {final, attack, control} = evidence;
  const expected = 'every request is answered as it always was, or as the new version promises';
  const {failures, rounds, stages} = final;
  const [failed] = failures;
  // What clients saw while a release did not become ready came of that.
  const errors = final.incidents.filter(
    one => one.client === client && one.kind === 'error' && !one.stage.goingBack && one.stage !== failed?.stage,
  );
  const unread = client === 'old' ? attack.filter(({outcome}) => outcome === 'fail') : [];
  const observed = `${rounds[client]} rounds of ${client} clients over ${stages.length} stages: ${errors.length + unread.length} errors`;
  if (errors.length + unread.length > 0)
    return fail(code, observed, expected, [
      ...errors.slice(0, 4).map(story),
      ...unread.slice(0, 1).map(({id, status}) => `${id} was answered ${status}`),
    ]);
  if (failed !== undefined && control.busy && !endedItself(evidence))
    return inconclusive('BUSY_MACHINE', `${failed.stage.name}: a release did not become ready in time`, expected);
  if (failed !== undefined)
    return fail('DOES_NOT_START', `${failed.stage.name}: a release did not become ready`, expected, [
      failed.reason.slice(0, 400),
    ]);
  if (rounds[client] < ROUNDS_MIN) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return pass(observed, expected);
}

/** Whether a release ended of its own doing: one that is only late may lack a processor. */
function endedItself({events, times}: Run): boolean {
  const seen = events.filter(({at}) => at >= times.attackFrom);
  const hung = new Set(seen.filter(({type}) => type === 'unresponsive').map(({node}) => node));
  return seen.some(({node, type}) => ENDED.has(type) || (type === 'restarting' && !hung.has(node)));
}

export function judgeRoundTrips({final: {incidents, rounds}}: Run): Judgement {
  const expected =
    'what was written last is what is read, by either version, and a version writes nothing that it does not know';
  const fields = incidents.filter(({kind}) => kind === 'field');
  const names = incidents.filter(({kind, stage}) => kind === 'name' && !stage.goingBack);
  const observed = `${rounds.old + rounds.new} rounds: ${fields.length} times a field was lost, ${names.length} times it was another name`;
  if (fields.length > 0) return fail('FIELD_LOST', observed, expected, fields.slice(0, 4).map(story));
  if (names.length > 0) return fail('NAME_DIFFERS', observed, expected, names.slice(0, 4).map(story));
  if (rounds.old + rounds.new < 2 * ROUNDS_MIN) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return pass(observed, expected);
}

export function judgeGoingBack({final: {incidents, stages, today}}: Run): Judgement {
  const expected =
    'the release before works on the tables as the next one has left them, and shows what was written meanwhile';
  const isSilent = today.newApi === null || [502, 503, 504].includes(today.newApi);
  if (today.columns.join() !== TODAYS_COLUMNS || (!isSilent && today.newApi !== 404)) {
    const found = `today's release has the columns ${today.columns.join(', ')}, and answers ${today.newApi} to the new API`;
    return fail('TODAY_CHANGED', found, `today's release is as it was: ${TODAYS_COLUMNS}, and no /v2`);
  }
  const back = incidents.filter(({kind, stage}) => kind !== 'field' && stage.goingBack);
  const observed = `${back.length} errors while a replica ran the release before`;
  if (back.length > 0) return fail('ROLLBACK_BREAKS', observed, expected, back.slice(0, 4).map(story));
  if (stages.length < STAGES) return notFar(stages, expected);
  if (isSilent)
    return inconclusive('NOTHING_TO_JUDGE', "today's release did not say whether it has the new API", expected);
  return pass(observed, expected);
}

export function judgeRemoval({final: {columns, stages}}: Run): Judgement {
  const expected = 'the table `profiles` has no column `fullname` any more once every replica runs the last release';
  const observed = `the table has the columns ${columns.join(', ')}`;
  if (stages.length < STAGES) return notFar(stages, expected);
  return columns.length > 0 && !columns.includes('fullname')
    ? pass(observed, expected)
    : fail('OLD_NAME_LEFT', observed, expected);
}

function notFar(stages: readonly string[], expected: string): Judgement {
  return inconclusive('NOTHING_TO_JUDGE', `the rollout came to its stage ${stages.length} of ${STAGES}`, expected);
}

function story({stage, client, what}: Incident): string {
  return `${stage.name}${stage.goingBack ? ' (going back)' : ''}, a round of ${client} clients: ${what}`;
}
