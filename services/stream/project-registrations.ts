import type {Delivery} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';
import type {Projection} from './consume-projected.ts';
import type {Tables} from './event-clock-store.ts';

interface Registration {
  readonly account: string;
  readonly name: string;
}

const TYPE = 'account.registered';
const RENAMED = 'account.renamed';

/** Keeps who registered, and under which name they are known now. Other events of identity pass without effect. */
export const projectRegistrations: Projection = {
  tables: ['registrations', 'account_effects'],
  malformed(message) {
    if (message.type !== TYPE || registrationOf(message) !== undefined) return undefined;
    return `${TYPE} needs the texts \`account\` and \`name\` in its data`;
  },
  async apply(transaction, messages, tables) {
    const rows = messages.filter(({type}) => type === TYPE).map(message => ({...message, ...registrationOf(message)}));
    const renames = messages.filter(({type}) => type === RENAMED).flatMap(message => registrationOf(message) ?? []);
    if (rows.length === 0) return rename(transaction, renames, tables);
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
    await rename(transaction, renames, tables);
  },
};

async function rename(transaction: Queryable, renames: readonly Registration[], tables: Tables): Promise<void> {
  for (const {account, name} of renames)
    await transaction.query(`update ${tables}registrations set name = $2 where account = $1`, [account, name]);
}

function registrationOf({data}: Delivery): Registration | undefined {
  if (typeof data !== 'object' || data === null || !('account' in data) || !('name' in data)) return undefined;
  const {account, name} = data;
  return typeof account === 'string' && typeof name === 'string' && !`${account}${name}`.includes('\0')
    ? {account, name}
    : undefined;
}
