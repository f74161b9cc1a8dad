import {randomBytes} from 'node:crypto';
import {addToOutbox} from '../identity/outbox.ts';
import {createPasswords} from '../identity/passwords.ts';
import {recordSaga} from '../identity/saga-rows.ts';
import type {Broker} from '../kit/broker.ts';
import type {Database} from '../kit/database.ts';
import {createSystemClock} from '../kit/system-clock.ts';
import {ACTIVITY} from '../stream/streams.ts';

/** An account that was made, with which one can sign in. */
export interface SampleAccount {
  readonly account: string;
  readonly name: string;
  readonly password: string;
}

const NAMES = ['Ada Lovelace', 'Grace Hopper', 'Barbara Liskov'] as const;
const KINDS = ['page.viewed', 'item.bought', 'file.uploaded', 'page.viewed', 'page.viewed'] as const;
const EVENTS_EACH = 20;

/**
 * Three accounts, and what they did in the last minutes. Only sources are written, accounts and events: what follows from them the services make themselves when
 * they run. Accounts that are there stay as they are, and events are known by their ids.
 */
export async function writeSamples(database: Database, broker: Broker): Promise<readonly SampleAccount[]> {
  const clock = createSystemClock();
  const passwords = createPasswords({profile: 'production', clock});
  const made: SampleAccount[] = [];
  for (const name of NAMES) {
    const account = `sample-${name.split(' ')[0]?.toLowerCase() ?? name}`;
    const password = randomBytes(9).toString('base64url');
    const hash = await passwords.hash(password, undefined);
    const isNew = await database.transaction(async transaction => {
      const inserted = await transaction.query(
        `insert into accounts (id, name, password_hash, created_at) values ($1, $2, $3, now())
         on conflict (id) do nothing returning 1`,
        [account, name, hash],
      );
      if (inserted.length === 0) return false;
      await recordSaga(transaction, 'provision', account);
      await addToOutbox(transaction, {
        id: `account.registered/${account}`,
        key: account,
        type: 'account.registered',
        data: {account, name},
      });
      return true;
    });
    if (isNew) made.push({account, name, password});
    await broker.publish(ACTIVITY, activityOf(account, clock.now()));
  }
  return made;
}

function activityOf(account: string, now: number) {
  return Array.from({length: EVENTS_EACH}, (_, index) => ({
    id: `${account}/sample-${index}`,
    key: account,
    type: 'activity.reported',
    data: {
      id: `sample-${index}`,
      account,
      kind: KINDS[index % KINDS.length] as string,
      at: new Date(now - (EVENTS_EACH - index) * 7_000).toISOString(),
    },
  }));
}
