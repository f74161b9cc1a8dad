import {createHash} from 'node:crypto';
import type {Message} from '../kit/broker.ts';
import type {RequestContexts} from '../kit/request-context.ts';
import type {AccountBody} from './seams/registration.ts';

/** The stream of identity's events. Their key is the account, so that those of one account stay in order. */
export const EVENTS = 'identity.events';

/** The event that an account was opened. Its id follows from the account's: it can only happen once. */
export function accountRegistered({id, name}: AccountBody, contexts: RequestContexts): Message {
  return {
    id: `account.registered/${id}`,
    key: id,
    type: 'account.registered',
    data: {account: id, name},
    headers: traceOf(contexts),
  };
}

/** The event that an account has another name. */
export function accountRenamed(
  id: string,
  {account, name}: {readonly account: string; readonly name: string},
  contexts: RequestContexts,
): Message {
  return event({id: `account.renamed/${id}`, account, type: 'account.renamed', facts: {name}}, contexts);
}

/** The event that an account was closed, which happens once. */
export function accountClosed(account: string, contexts: RequestContexts): Message {
  return event({id: `account.closed/${account}`, account, type: 'account.closed'}, contexts);
}

export function sessionStarted(session: string, account: string, contexts: RequestContexts): Message {
  return event({id: `session.started/${session}`, account, type: 'session.started', facts: {session}}, contexts);
}

/**
 * The event that somebody gave a wrong password. Where no account has the name, its key is a part of the name's hash and its account is
 * null: what strangers type is not told to everybody.
 */
export function sessionFailed(
  id: string,
  who: {readonly account: string} | {readonly unknown: string},
  contexts: RequestContexts,
): Message {
  const type = 'session.failed';
  if ('account' in who) return event({id: `${type}/${id}`, account: who.account, type}, contexts);
  const key = `unknown/${createHash('sha256').update(who.unknown).digest('base64url').slice(0, 16)}`;
  return {id: `${type}/${id}`, key, type, data: {account: null}, headers: traceOf(contexts)};
}

/** The event that an account was given roles: those that it has now, and who gave them. */
export function rolesGranted(
  id: string,
  {account, roles, by}: {readonly account: string; readonly roles: readonly string[]; readonly by: string},
  contexts: RequestContexts,
): Message {
  return event({id: `role.granted/${id}`, account, type: 'role.granted', facts: {roles, by}}, contexts);
}

interface Told {
  readonly id: string;
  readonly account: string;
  readonly type: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

function event({id, account, type, facts = {}}: Told, contexts: RequestContexts): Message {
  return {id, key: account, type, data: {account, ...facts}, headers: traceOf(contexts)};
}

/** Of what travels with a request, only the trace: an event is for everybody, and for ever. */
function traceOf(contexts: RequestContexts): Record<string, string> {
  const {traceparent = '', tracestate} = contexts.outgoing();
  return tracestate === undefined ? {traceparent} : {traceparent, tracestate};
}
