import {textField} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Setup} from './evidence.ts';
import {processesOf} from './split.ts';
import type {Person} from './traffic.ts';

export const PEOPLE = 3;
/** A database as a small managed one: it takes this many connections. */
export const CONNECTIONS_MAX = 14;

/** Makes the databases small, and opens the accounts of the run's own people. */
export async function setUp(tools: LabTools): Promise<Setup> {
  const processes = processesOf(tools.topology);
  for (const database of new Set(processes.map(process => process.database)))
    await tools.sql(database, `alter database ${nameOf(database)} connection limit ${CONNECTIONS_MAX}`);
  return {processes, people: await Promise.all(Array.from({length: PEOPLE}, () => signUp(tools)))};
}

async function signUp(tools: LabTools): Promise<Person> {
  const password = tools.random.hex(16);
  const body = {name: `person ${tools.random.hex(6)}`, password};
  const account = textField((await tools.http('POST', '/v1/accounts', {body})).body, 'id');
  const token = textField((await tools.http('POST', '/v1/sessions', {body: {account, password}})).body, 'token');
  return {account, password, token};
}

/** Databases are named after their node: `main` for `main-db`. */
function nameOf(node: string): string {
  return `"${node.replace(/-db$/, '').replaceAll('-', '_')}"`;
}
