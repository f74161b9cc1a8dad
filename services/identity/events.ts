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

export function sessionStarted(id: string, account: string, contexts: RequestContexts): Message {
  return {id, key: account, type: 'session.started', data: {account}, headers: traceOf(contexts)};
}

/** Of what travels with a request, only the trace: an event is for everybody, and for ever. */
function traceOf(contexts: RequestContexts): Record<string, string> {
  const {traceparent = '', tracestate} = contexts.outgoing();
  return tracestate === undefined ? {traceparent} : {traceparent, tracestate};
}
