import type {FollowUp, LedgerEntry, Operation} from './load.ts';

/** What a client carries from answer to answer, by the name of the header. */
export type Carried = Readonly<Record<string, string>>;

/** What it has after an operation: the headers of the answer that decided it, in the place of those from before. */
export function carriedAfter({sends, status}: LedgerEntry, before: Carried): Carried {
  return {...before, ...sends.find(send => send.status === status)?.carried};
}

/** A follow-up as an operation: the `number`th thing that the client of the first one does, begun `atMs` after the load. */
export function toOperation(
  first: Pick<Operation, 'id'>,
  {name, request, patienceMs, carry = [], facts, next}: FollowUp,
  {number, atMs, carried}: {readonly number: number; readonly atMs: number; readonly carried: Carried},
): Operation {
  const headers = Object.fromEntries(Object.entries(carried).filter(([header]) => carry.includes(header)));
  return {
    id: `${first.id}.${number}`,
    name,
    atMs,
    request: {...request, headers: {...request.headers, ...headers}},
    patienceMs,
    ...(facts === undefined ? {} : {facts}),
    ...(next === undefined ? {} : {next}),
  };
}
