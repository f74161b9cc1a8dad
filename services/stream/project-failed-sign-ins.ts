import type {Delivery} from '../kit/broker.ts';
import type {Projection} from './consume-projected.ts';

const TYPE = 'session.failed';

/** Keeps when somebody failed to sign in to which account, and nothing else of it. Other events of identity pass without effect. */
export const projectFailedSignIns: Projection = {
  tables: ['failed_sign_ins'],
  malformed(message) {
    if (message.type !== TYPE || isOfNobody(message) || failureOf(message) !== undefined) return undefined;
    return `${TYPE} needs the text \`account\`, or null, in its data, and \`at\` must be a time when it is there`;
  },
  async apply(transaction, messages, tables) {
    const rows = messages.flatMap(message => (message.type === TYPE ? (failureOf(message) ?? []) : []));
    if (rows.length === 0) return;
    await transaction.query(
      `insert into ${tables}failed_sign_ins (event_id, account, at)
       select * from unnest($1::text[], $2::text[], $3::timestamptz[]) on conflict (event_id) do nothing`,
      [rows.map(row => row.eventId), rows.map(row => row.account), rows.map(row => row.at)],
    );
  },
};

interface Failure {
  readonly eventId: string;
  readonly account: string;
  readonly at: string;
}

/** The name that was given is no account's: identity says so with null, and there is nobody to warn. */
function isOfNobody({data}: Delivery): boolean {
  return typeof data === 'object' && data !== null && 'account' in data && data.account === null;
}

/** Where the event does not say when it happened, it was when it was published. */
function failureOf({id, data, publishedAt}: Delivery): Failure | undefined {
  if (typeof data !== 'object' || data === null || !('account' in data)) return undefined;
  const {account} = data;
  const rawAt = 'at' in data ? data.at : publishedAt;
  if (typeof account !== 'string' || account.includes('\0')) return undefined;
  const time = typeof rawAt === 'string' ? Date.parse(rawAt) : typeof rawAt === 'number' ? rawAt : Number.NaN;
  return Number.isFinite(time) && Math.abs(time) < 8.64e15
    ? {eventId: id, account, at: new Date(time).toISOString()}
    : undefined;
}
