import {type SignedIn, textField} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Setup} from './evidence.ts';

const OLD = 240;
const PEOPLE = 12;

/** Puts accounts of the time before events into identity's database, opens those of the run's own people, and asks identity to announce what it has. */
export async function setUp(tools: LabTools): Promise<Setup> {
  const old = Array.from({length: OLD}, () => `old-${tools.random.hex(10)}`);
  await tools.sql(
    'identity-db',
    `insert into accounts (id, name, password_hash, created_at)
     select id, 'Old ' || substr(md5(id || $2), 1, 8), '', now() - interval '1 year' from unnest($1::text[]) as id`,
    [old, tools.random.hex(8)],
  );
  const people: SignedIn[] = [];
  for (let index = 0; index < PEOPLE; index++) people.push(await signUp(tools));
  await tools.http('POST', '/v1/account-announcements', {body: {}});
  return {old, people, watch: {sessions: [], migrations: []}};
}

async function signUp(tools: LabTools): Promise<SignedIn> {
  const password = tools.random.hex(16);
  const body = {name: `Person ${tools.random.hex(4)}`, password};
  const account = textField((await tools.http('POST', '/v1/accounts', {body})).body, 'id');
  const token = textField((await tools.http('POST', '/v1/sessions', {body: {account, password}})).body, 'token');
  return {account, token};
}
