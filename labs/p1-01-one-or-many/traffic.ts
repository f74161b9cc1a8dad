import type {SignedIn} from '../../src/labs/accounts.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';
import type {ModuleName} from '../../src/topology/modules.ts';

/** A person of the run's own, who can sign in. */
export interface Person extends SignedIn {
  readonly password: string;
}

/** The calls of one journey, and the modules without which each cannot work. */
export const CALLS: Readonly<Record<string, readonly ModuleName[]>> = {
  register: ['accounts', 'quotas'],
  'sign-in': ['accounts'],
  account: ['accounts'],
  report: ['activity'],
  windows: ['activity'],
};

/** What a person does, in words, for each call. */
export const TEXT_OF: Readonly<Record<string, string>> = {
  register: 'opening an account',
  'sign-in': 'signing in',
  account: 'looking at the account',
  report: 'reporting activity',
  windows: 'looking at the windows',
};

export const PATIENCE_MS = 2_500;
/** Each call of a journey comes this often a second. */
export const JOURNEYS_PER_SECOND = 5;

/** People who open accounts, sign in, look at theirs, report and look at the windows, `forMs` long. */
export function journeys(random: Random, people: readonly Person[], forMs: number): readonly Operation[] {
  const gapMs = 1_000 / JOURNEYS_PER_SECOND;
  const starts = (offset: number): number[] =>
    Array.from({length: Math.floor(forMs / gapMs)}, (_, index) => index * gapMs + offset * (gapMs / 5));
  const person = (index: number): Person => people[index % people.length] as Person;
  const json = {'content-type': 'application/json'};
  const signed = (index: number): Record<string, string> => ({authorization: `Bearer ${person(index).token}`});
  const call = (method: 'GET' | 'POST', path: string, headers = {}, body?: unknown) => ({
    request: {method, path, headers, ...(body === undefined ? {} : {body: JSON.stringify(body)})},
    patienceMs: PATIENCE_MS,
  });
  return together(
    operationsAt('register', starts(0), () =>
      call('POST', '/v1/accounts', json, {name: `new ${random.hex(8)}`, password: random.hex(12)}),
    ),
    operationsAt('sign-in', starts(1), index => {
      const {account, password} = person(index);
      return call('POST', '/v1/sessions', json, {account, password});
    }),
    operationsAt('account', starts(2), index => call('GET', '/v1/accounts/me', signed(index))),
    operationsAt('report', starts(3), index =>
      call('POST', '/v1/activity', {...json, ...signed(index)}, {kind: random.pick(['click', 'view', 'buy'])}),
    ),
    operationsAt('windows', starts(4), () => call('GET', '/v1/windows')),
  );
}
