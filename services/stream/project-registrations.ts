import type {Delivery} from '../kit/broker.ts';
import type {Projection} from './consume-projected.ts';

const TYPE = 'account.registered';

/** Keeps who registered. Other events of identity pass without effect. */
export const projectRegistrations: Projection = {
  tables: ['registrations', 'account_effects'],
  malformed(message) {
    if (message.type !== TYPE || registrationOf(message) !== undefined) return undefined;
    return `${TYPE} needs the texts \`account\` and \`name\` in its data`;
  },
  async apply(transaction, messages, tables) {
    const rows = messages.filter(({type}) => type === TYPE).map(message => ({...message, ...registrationOf(message)}));
    if (rows.length === 0) return;
    await transaction.query(
      `with fresh as (
         insert into ${tables}registrations (event_id, account, name, position, partition)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[])
         on conflict (event_id) do nothing
         returning account, event_id
       )
       insert into ${tables}account_effects as present (account, event_id, count) select account, event_id, 1 from fresh
       on conflict (account, event_id) do update set count = present.count + 1`,
      [
        rows.map(row => row.id),
        rows.map(row => row.account),
        rows.map(row => row.name),
        rows.map(row => row.position),
        rows.map(row => row.partition),
      ],
    );
  },
};

function registrationOf({data}: Delivery): {readonly account: string; readonly name: string} | undefined {
  if (typeof data !== 'object' || data === null || !('account' in data) || !('name' in data)) return undefined;
  const {account, name} = data;
  return typeof account === 'string' && typeof name === 'string' && !`${account}${name}`.includes('\0')
    ? {account, name}
    : undefined;
}
