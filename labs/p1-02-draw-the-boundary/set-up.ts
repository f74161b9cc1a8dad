import {textField} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import {type Forgery, forge} from './forgeries.ts';

/** A token, and whose it is. */
export interface Held {
  readonly account: string;
  readonly token: string;
}

export interface Setup {
  /** In the order in which they are first shown. */
  readonly fresh: readonly Held[];
  /** Shown again and again, from the first moment to the last. */
  readonly steady: Held;
  /** Its account is closed during the attack. */
  readonly closing: Held;
  /** Somebody stole the refresh token of its session and uses it during the attack, after its owner has: that ends the session. */
  readonly stolen: Held & {readonly refreshToken: string};
  readonly forged: readonly Forgery[];
}

const ACCOUNTS = 4;
const SESSIONS_PER_ACCOUNT = 20;
const FORGED = 60;

/** Many sessions of a few accounts: a token of each is shown for the first time at some moment of the run. Nothing here needs a token. */
export async function setUp(tools: LabTools): Promise<Setup> {
  // First of all: a refresh token that is used again within ten seconds is taken for a second tab of its owner.
  const stolen = await signIn(tools, await open(tools, 'Robbed'));
  await tools.http('POST', '/v1/sessions/refresh', {body: {refreshToken: stolen.refreshToken}});
  const people = await Promise.all(Array.from({length: ACCOUNTS}, (_, index) => open(tools, `Reader ${index}`)));
  // One at a time for each: a sign-in is meant to be work, and this one is not what the lab is about.
  const fresh = await Promise.all(people.map(person => signInOften(tools, person)));
  const closing = await signIn(tools, await open(tools, 'Leaver'));
  const steady = await signIn(tools, await open(tools, 'Regular'));
  const held = tools.random.shuffle(fresh.flat());
  const victims = people.map(({account}) => account);
  const forged = Array.from({length: FORGED}, (_, index) =>
    forge(tools.random, held[index % held.length] as Held, victims),
  );
  return {fresh: held, steady, closing, stolen, forged};
}

interface Person {
  readonly account: string;
  readonly password: string;
}

async function open(tools: LabTools, name: string): Promise<Person> {
  const password = tools.random.hex(16);
  return {
    password,
    account: textField((await tools.http('POST', '/v1/accounts', {body: {name, password}})).body, 'id'),
  };
}

async function signInOften(tools: LabTools, person: Person): Promise<readonly Held[]> {
  const held: Held[] = [];
  while (held.length < SESSIONS_PER_ACCOUNT) held.push(await signIn(tools, person));
  return held;
}

async function signIn(tools: LabTools, person: Person): Promise<Held & {readonly refreshToken: string}> {
  const {body} = await tools.http('POST', '/v1/sessions', {body: person});
  return {
    account: person.account,
    token: textField(body, 'token'),
    refreshToken: textField(body, 'refreshToken'),
  };
}
