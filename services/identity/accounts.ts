import {createHmac} from 'node:crypto';
import {Type} from 'typebox';
import type {Queryable} from '../kit/database.ts';
import {newId} from '../kit/ids.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {beginSaga} from './begin-saga.ts';
import {accountRegistered} from './events.ts';
import type {Passwords} from './passwords.ts';
import type {Provisioning} from './provisioning.ts';
import type {Publisher} from './seams/publisher.ts';
import type {
  AccountBody,
  Registration,
  RegistrationAnswer,
  RegistrationRequest,
  RegistrationTools,
} from './seams/registration.ts';
import type {Saga} from './seams/saga.ts';
import {PRINTABLE} from './text.ts';

export interface AccountParts {
  readonly kit: Kit;
  readonly register: Registration;
  readonly publisher: Publisher;
  readonly saga: Saga;
  readonly passwords: Passwords;
  readonly secret: string;
  readonly provisioning: Provisioning;
}

const Account = Type.Object({id: Type.String(), name: Type.String(), createdAt: Type.String({format: 'date-time'})});
export const AccountName = Type.String({minLength: 1, maxLength: 80, pattern: PRINTABLE});
const NewAccount = Type.Object(
  {
    name: AccountName,
    password: Type.String({minLength: 8, maxLength: 200}),
  },
  {additionalProperties: false},
);
const ClientHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({minLength: 1, maxLength: 255})),
  'x-client-id': Type.String({minLength: 1, maxLength: 200, default: 'anonymous'}),
});

export function serveAccounts(
  app: App,
  {kit, register, publisher, saga, passwords, secret, provisioning}: AccountParts,
): void {
  const {clock, contexts, database, log} = kit;
  // Whoever has accounts made whole in another way needs no saga for it.
  const isWhole = provisioning.within !== undefined || provisioning.after !== undefined;
  const tools: RegistrationTools = {
    database,
    clock,
    newAccount: ({name}) => ({id: newId(clock), name, createdAt: new Date(clock.now()).toISOString()}),
    async insertAccount(transaction, account, request) {
      await insertAccount(transaction, account, request);
      await provisioning.within?.(transaction, account.id);
      if (isWhole) await activate(transaction, account);
      else await saga.record(transaction, 'provision', account.id);
    },
    async save(account, work) {
      const value = await publisher.save(accountRegistered(account, contexts), work);
      if (!isWhole) beginSaga(saga, 'provision', account.id, log);
      return value;
    },
  };

  app.post(
    '/v1/accounts',
    {
      config: {problems: [409, 422, 429]},
      schema: {summary: 'Open an account', body: NewAccount, headers: ClientHeaders, response: {201: Account}},
    },
    async (request, reply) => {
      const {name, password} = request.body;
      const passwordHash = await passwords.hash(password, request.hop.deadline);
      const answer = await register(
        {
          client: request.headers['x-client-id'],
          idempotencyKey: request.headers['idempotency-key'],
          fingerprint: fingerprint(secret, name, password),
          name,
          passwordHash,
        },
        tools,
      );
      const account = bodyOf(answer);
      await provisioning.after?.(account.id);
      return reply.code(201).send(account);
    },
  );

  /** The account to answer with. Throws what is to be answered instead. */
  function bodyOf(answer: RegistrationAnswer): AccountBody {
    const status: unknown = answer?.status;
    if (answer?.status === 201 && typeof answer.body?.id === 'string') return answer.body;
    if (answer?.status === 409) {
      throw new Problem({status: 409, kind: 'request-in-flight', detail: answer.detail, headers: {'retry-after': '1'}});
    }
    if (answer?.status === 422) throw new Problem({status: 422, kind: 'idempotency-key-reused', detail: answer.detail});
    log.error({status}, 'the seam `registration` answered neither 201 with an account, nor 409, nor 422');
    throw new Problem({status: 500, detail: 'The service failed to answer; its log says why.'});
  }
}

async function insertAccount(
  transaction: Queryable,
  account: AccountBody,
  request: RegistrationRequest,
): Promise<void> {
  await transaction.query('insert into accounts (id, name, password_hash, created_at) values ($1, $2, $3, $4)', [
    account.id,
    account.name,
    request.passwordHash,
    account.createdAt,
  ]);
}

async function activate(transaction: Queryable, {id}: AccountBody): Promise<void> {
  await transaction.query('update accounts set activated_at = created_at where id = $1', [id]);
}

/** Keyed, because a bare hash of a payload with a password in it could be searched for the password. */
function fingerprint(secret: string, ...payload: readonly string[]): string {
  return createHmac('sha256', `identity: fingerprints/${secret}`).update(JSON.stringify(payload)).digest('base64url');
}
