import {fail, inconclusive, type Judgement, pass} from '../verdict.ts';
import type {RunSaid} from './lane.ts';

/** What the tests were run against. */
export interface Variant {
  /** `start`, `solution`, `right/NAME` or `wrong/NAME`. */
  readonly name: string;
  /** Whether tests have to pass on it. */
  readonly isRight: boolean;
  /** Why people ship it, or what it is. */
  readonly why: string;
}

export interface Run {
  readonly variant: Variant;
  readonly said: RunSaid;
}

const EXPECTED = 'they pass on the reference, and fail on the start and on every popular wrong fix';

/** Judges the tests by what became of them in all runs, some of which were repetitions. */
export function judgeRuns(runs: readonly Run[]): Judgement {
  for (const {said} of runs) {
    if (said.said === 'no-tests') return noTests(said.message);
    if (said.said === 'not-loaded')
      return fail('TESTS_BREAK_OFF', `your tests could not be loaded: ${said.message}`, EXPECTED);
    if (said.said === 'broke-off') return fail('TESTS_BREAK_OFF', `your tests broke off: ${said.message}`, EXPECTED);
  }
  const variants = [...new Map(runs.map(({variant}) => [variant.name, variant])).values()];
  const failed = ({name}: Variant): readonly RunSaid[] =>
    runs.flatMap(({variant, said}) => (variant.name === name && said.said !== 'passed' ? [said] : []));
  const count = ({name}: Variant): number => runs.filter(({variant}) => variant.name === name).length;
  const wavering = variants.filter(each => failed(each).length > 0 && failed(each).length < count(each));
  const [first] = wavering;
  if (first !== undefined)
    return fail(
      'TESTS_WAVER',
      `run again against the same code, your tests came to another result for ${wavering.length} of ${variants.length} variants`,
      EXPECTED,
      [`one of them failed ${failed(first).length} of ${count(first)} times: ${story(failed(first)[0])}`],
    );
  const refused = variants.filter(each => each.isRight && failed(each).length > 0);
  const [right] = refused;
  if (right !== undefined)
    return fail(
      'TEST_FAILS_ON_REFERENCE',
      `your tests fail on ${right.name === 'solution' ? 'the reference' : 'another right solution'}`,
      EXPECTED,
      [story(failed(right)[0]), ...(right.name === 'solution' ? [] : [`what is right about it: ${right.why}`])],
    );
  const wrong = variants.filter(({isRight}) => !isRight);
  const missed = wrong.filter(each => failed(each).length === 0);
  const tests = runs.reduce((most, {said}) => Math.max(most, said.said === 'passed' ? said.tests : 0), 0);
  const observed = `${wrong.length - missed.length} of ${wrong.length} wrong ones fail your ${tests === 1 ? 'test' : `${tests} tests`}, ${missed.length} get through`;
  if (missed.length === 0) return pass(observed, EXPECTED);
  return fail(
    'TEST_MISSES',
    observed,
    EXPECTED,
    missed.map(({name, why}) => `gets through: ${name.replace(/^wrong\//, '')}: ${why}`),
  );
}

/** Nothing was asked of anybody yet: that is no failure, and no pass. */
export function noTests(message: string): Judgement {
  return inconclusive('NO_TESTS', `there are no tests of yours yet: ${message}`, EXPECTED);
}

function story(said: RunSaid | undefined): string {
  if (said?.said === 'failed') return `"${said.test}": ${said.message}`;
  if (said?.said === 'hung') return `"${said.test}" had not ended after ${said.afterMs / 1_000} s`;
  return '';
}
