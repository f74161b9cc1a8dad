import {LabError} from '../errors.ts';
import {nearest} from '../nearest.ts';
import type {Random} from '../random.ts';
import type {LoadRequest, Operation} from './load.ts';

/** A request outside the load, for what has to be there before it begins. */
export type SetUpRequest = (
  method: string,
  path: string,
  options?: {readonly headers?: Record<string, string>; readonly body?: unknown},
) => Promise<{readonly status: number; readonly body: unknown}>;

/** Makes the operations that start at these moments (ms after the load began). */
export type OperationFactory = (arrivalsMs: readonly number[]) => Operation[];

export interface Profile {
  readonly name: string;
  readonly does: string;
  /** Of ten operations, how many are of which kind. */
  readonly mix: Readonly<Partial<Record<OperationKind, number>>>;
}

type OperationKind = 'register' | 'sign-in' | 'dashboard' | 'activity' | 'report';

/** What `teralab load --profile` takes. */
export const PROFILES: readonly Profile[] = [
  {
    name: 'mixed',
    does: 'people who register, sign in, look at their page and do things',
    mix: {register: 1, 'sign-in': 1, dashboard: 5, report: 3},
  },
  {name: 'reads', does: 'pages and lists of signed-in people', mix: {dashboard: 5, activity: 5}},
  {name: 'writes', does: 'new accounts and activity', mix: {register: 3, report: 7}},
];

const ACCOUNTS = 5;
const PATIENCE_MS = 2_000;
const KINDS_OF_ACTIVITY = ['view', 'search', 'order'];

interface Person {
  readonly account: string;
  readonly password: string;
  readonly token: string;
}

/** Opens a few accounts and signs them in; the operations then act for them. Errors: BAD_VALUE, NODE_NOT_READY. */
export async function prepareProfile(
  name: string,
  tools: {readonly http: SetUpRequest; readonly random: Random},
): Promise<OperationFactory> {
  const profile = PROFILES.find(known => known.name === name);
  if (profile === undefined) {
    const names = PROFILES.map(known => known.name);
    const near = nearest(name, names);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw new LabError('BAD_VALUE', `There is no load profile "${name}": there are ${names.join(', ')}.${hint}`);
  }
  const random = tools.random.stream('profile');
  // Names of a run of its own: the same seed may be used twice on one system.
  const run = random.hex(8);
  const people = await Promise.all(
    Array.from({length: ACCOUNTS}, (_, index) => signUp(`${run}-${index}`, random.hex(24), tools.http)),
  );
  const bag = Object.entries(profile.mix).flatMap(([kind, share]) =>
    Array.from({length: share}, () => kind as OperationKind),
  );
  let drawn = 0;
  return arrivalsMs =>
    arrivalsMs.map(atMs => {
      const kind = random.pick(bag);
      const id = `${run}-op-${drawn++}`;
      return {id, name: kind, atMs, request: requestOf(kind, id, random.pick(people), random), patienceMs: PATIENCE_MS};
    });
}

async function signUp(name: string, password: string, http: SetUpRequest): Promise<Person> {
  const headers = {'x-client-id': 'load', 'idempotency-key': `load-${name}`};
  const account = await field(http('POST', '/v1/accounts', {headers, body: {name, password}}), 'id', 'open an account');
  const token = await field(http('POST', '/v1/sessions', {body: {account, password}}), 'token', 'sign in');
  return {account, password, token};
}

async function field(answer: ReturnType<SetUpRequest>, name: string, what: string): Promise<string> {
  const {status, body} = await answer;
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  if (typeof value === 'string') return value;
  throw new LabError(
    'NODE_NOT_READY',
    `The load could not ${what}: the gateway answered ${status} ${JSON.stringify(body)}.`,
  );
}

function requestOf(kind: OperationKind, id: string, person: Person, random: Random): LoadRequest {
  const signedIn = {authorization: `Bearer ${person.token}`};
  switch (kind) {
    case 'register':
      return post('/v1/accounts', {name: id, password: random.hex(16)}, {'x-client-id': 'load', 'idempotency-key': id});
    case 'sign-in':
      return post('/v1/sessions', {account: person.account, password: person.password});
    case 'dashboard':
      return {method: 'GET', path: '/v1/dashboard', headers: signedIn};
    case 'activity':
      return {method: 'GET', path: `/v1/activity/${person.account}`, headers: signedIn};
    case 'report':
      return post('/v1/activity', {id, kind: random.pick(KINDS_OF_ACTIVITY)}, signedIn);
  }
}

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): LoadRequest {
  return {method: 'POST', path, headers: {'content-type': 'application/json', ...headers}, body: JSON.stringify(body)};
}
