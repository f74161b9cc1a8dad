import type {LabTools} from './lab.ts';

/** An account of the run's own, signed in. */
export interface SignedIn {
  readonly account: string;
  readonly token: string;
}

/** Opens an account and signs it in, for a lab's set-up. Errors: those of `tools.http`. */
export async function signUp(tools: LabTools, name: string): Promise<SignedIn> {
  const password = tools.random.hex(16);
  const account = textField((await tools.http('POST', '/v1/accounts', {body: {name, password}})).body, 'id');
  const token = textField((await tools.http('POST', '/v1/sessions', {body: {account, password}})).body, 'token');
  return {account, token};
}

/** Identity hashes so many passwords at a time; more would wait, and be given up on. */
const AT_A_TIME = 4;

/** Several accounts, as {@link signUp} opens them. */
export async function signUpMany(tools: LabTools, count: number): Promise<readonly SignedIn[]> {
  const all: SignedIn[] = [];
  while (all.length < count) {
    const names = Array.from({length: Math.min(AT_A_TIME, count - all.length)}, () => `reader ${tools.random.hex(8)}`);
    all.push(...(await Promise.all(names.map(name => signUp(tools, name)))));
  }
  return all;
}

/** A field of an answer's body that has to be there; what is not there is told with the whole body. */
export function textField(body: unknown, name: string): string {
  const value = objectOf(body)?.[name];
  if (typeof value !== 'string') throw new Error(`the system answered without "${name}": ${JSON.stringify(body)}`);
  return value;
}

/** The JSON object in a body of the ledger, or undefined where there is none. */
export function jsonObject(body: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(body ?? ''));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}
