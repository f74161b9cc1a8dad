import {setTimeout as delay} from 'node:timers/promises';
import type {CreatePublisher, Publisher} from '../../services/identity/seams/publisher.ts';
import type {PublisherBench, Saved, Saving, TestPublished} from '../../services/identity/seams/publisher-tests.ts';
import type {Message} from '../../services/kit/broker.ts';
import type {Logger} from '../../services/kit/logger.ts';
import type {OpenBench} from '../../src/labs/your-tests/bench.ts';
import {DIED, type Replica} from '../../src/labs/your-tests/replica.ts';
import {openReplicas} from '../../src/labs/your-tests/replicas.ts';
import {createRest, type Rest} from './bench-rest.ts';
import {type AtEnd, markedTransactions} from './bench-transactions.ts';

const TABLES = `
  create table accounts (name text primary key);
  create table outbox (position bigserial primary key, id text not null unique, key text not null, type text not null, data json not null,
    headers json, created_at timestamptz not null default now(), published_at timestamptz)`;
/** A broker that is away says so after this long, ms. */
const AWAY_AFTER_MS = 5;

interface Running {
  readonly replica: Replica;
  readonly publisher: Publisher;
  readonly rest: Rest;
  /** Says what is to happen at the end of a transaction, before it commits and after it has. */
  readonly mark: ReturnType<typeof markedTransactions>['mark'];
}

interface Begun {
  readonly saved: Promise<Saved>;
  go(): void;
}

const open: OpenBench = async tools => {
  const observer = tools.database('observer');
  await observer.query(TABLES);
  const published = new Map<string, Message>();
  const begun = new Map<string, Begun>();
  const numbers = new Set([1]);
  let isAway = false;
  const publish = async (replica: Replica, messages: readonly Message[]): Promise<void> => {
    if (isAway) {
      await delay(AWAY_AFTER_MS);
      throw new Error('The broker does not answer.');
    }
    for (const message of messages) if (!published.has(message.id)) published.set(message.id, message);
    for (const {key} of messages) await replica.pass(`after-publish ${key}`);
  };
  const replicas = openReplicas(tools, async (replica): Promise<Running> => {
    const rest = createRest(replica);
    const {database, mark} = markedTransactions(rest.database);
    const {createPublisher} = replica.module as {readonly createPublisher: CreatePublisher};
    const broker = {
      publish: (_: string, messages: readonly Message[]) =>
        rest.during(replica.whileAlive(publish(replica, structuredClone(messages)))),
    };
    const publisher = createPublisher({database, broker, clock: rest.clock, log: SILENT});
    await publisher.start?.();
    return {replica, publisher, rest, mark};
  });
  const alive = async (number: number): Promise<Running> => {
    numbers.add(number);
    const one = await replicas.get(number);
    if (!one.replica.isDead()) return one;
    await one.replica.die();
    replicas.forget(number);
    return replicas.get(number);
  };
  const save = async (account: string, {replica: number = 1, dies, fails}: Saving, hold?: AtEnd): Promise<Saved> => {
    if (typeof account !== 'string' || account === '') throw new Error('an account wants a name');
    const {replica, publisher, mark} = await alive(number);
    replica.dieAt(dies && `${dies} ${account}`);
    const saved = await replica.run(() =>
      publisher
        .save({id: idOf(account), key: account, type: 'account.registered', data: {account}}, async transaction => {
          mark(transaction, {
            beforeCommit: async () => {
              await hold?.beforeCommit?.();
              await replica.pass(`before-commit ${account}`);
            },
            afterCommit: () => replica.pass(`after-commit ${account}`),
          });
          await transaction.query('insert into accounts (name) values ($1)', [account]);
          if (fails === true) throw new Error('The work fails.');
        })
        .then(
          () => 'saved' as const,
          () => 'failed' as const,
        ),
    );
    if (saved !== DIED) return saved;
    replicas.forget(number);
    return 'died';
  };
  const methods: PublisherBench = {
    save: (account, saving = {}) => save(account, saving),
    begin: async (account, saving = {}) => {
      const wait = gate();
      const reached = gate();
      const beforeCommit = async (): Promise<void> => {
        reached.open();
        await wait.opened;
      };
      const {rest} = await alive(saving.replica ?? 1);
      const saved = save(account, saving, {beforeCommit: () => rest.apart(beforeCommit())});
      begun.set(account, {saved, go: wait.open});
      await Promise.race([reached.opened, saved]);
    },
    finish: async account => {
      const one = begun.get(account);
      if (one === undefined) throw new Error(`nothing has begun with ${account}`);
      one.go();
      return one.saved;
    },
    broker: async state => {
      isAway = state === 'away';
    },
    settle: async () => {
      const running = await Promise.all([...numbers].map(alive));
      await Promise.all(running.map(({rest}) => rest.settled()));
    },
    accounts: async () =>
      (await observer.query<{name: string}>('select name from accounts order by name')).map(({name}) => name),
    events: async () => [...published.values()].map(toldOf),
  };
  const close = async (): Promise<void> => {
    for (const one of replicas.running().values()) await one.then(({replica}) => replica.die()).catch(() => undefined);
  };
  return {methods: {...methods}, close};
};
export default open;

function idOf(account: string): string {
  return `registered ${account}`;
}

function toldOf({id, key}: Message): TestPublished {
  return {account: key, sameId: id === idOf(key)};
}

function gate(): {readonly opened: Promise<void>; open(): void} {
  let open = (): void => undefined;
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return {opened, open: () => open()};
}

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
