import type {Delivery} from '../../services/kit/broker.ts';
import type {Logger} from '../../services/kit/logger.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';
import type {CreateHandler, HandlerTools} from '../../services/stream/seams/handler.ts';
import type {HandlerBench, TestEffect, TestEvent} from '../../services/stream/seams/handler-tests.ts';
import type {OpenBench} from '../../src/labs/your-tests/bench.ts';
import {DIED} from '../../src/labs/your-tests/replica.ts';
import {openReplicas} from '../../src/labs/your-tests/replicas.ts';
import {letDaysPass} from './month.ts';

/** The table that the handler has, and what stands for its effects: each row knows its transaction. */
const TABLES = `
  create table handled (id text primary key, at timestamptz not null default now());
  create table effects (row bigserial, id text not null, position bigint not null, transaction bigint not null default txid_current());
  create table position_moves (position bigint not null, transaction bigint not null default txid_current())`;
const POINTS = {
  'before-commit': 'before_commit',
  'after-commit': 'after_commit_before_publish',
  'before-ack': 'before_ack',
};

const open: OpenBench = async tools => {
  const observer = tools.database('observer');
  await observer.query(TABLES);
  const replicas = openReplicas(tools, async replica => {
    const {createHandler} = replica.module as {readonly createHandler: CreateHandler};
    const handler = createHandler({database: replica.database, clock: createSystemClock(), log: SILENT, ...effectsIn});
    await handler.start?.();
    return {replica, handler};
  });
  const positions = new Map<string, number>();
  const deliveryOf = ({id, says}: TestEvent): Delivery => {
    const position = positions.get(id) ?? positions.size + 1;
    positions.set(id, position);
    const data = {account: 'a-1', kind: says ?? `only ${id} says so`, at: '2027-01-01T00:00:00.000Z'};
    return {
      id,
      key: 'a-1',
      type: 'activity',
      data,
      stream: 'activity',
      partition: 0,
      position,
      deliveries: 1,
      publishedAt: 0,
    };
  };
  const methods: HandlerBench = {
    deliver: async (batch, {replica: number = 1, dies} = {}) => {
      if (!Array.isArray(batch) || batch.length === 0) throw new Error('`deliver` wants a list of events: [{id: "1"}]');
      const {replica, handler} = await replicas.get(number);
      replica.dieAt(dies === undefined ? undefined : POINTS[dies]);
      const settled = await replica.run(async () => {
        const settlements = await handler.handle(batch.map(deliveryOf)).catch(() => undefined);
        await replica.pass('before_ack');
        return settlements?.length === batch.length && settlements.every(({settle}) => settle === 'ack');
      });
      replica.dieAt(undefined);
      if (settled !== DIED) return settled ? 'acknowledged' : 'refused';
      replicas.forget(number);
      return 'died';
    },
    daysPass: days => letDaysPass(Number(days), text => observer.query(text), '= current_schema()'),
    effects: () =>
      observer.query<TestEffect & Record<string, unknown>>(
        `select id, exists (select from position_moves move where move.transaction = effects.transaction and move.position >= effects.position) as "withPosition"
         from effects order by row`,
      ),
  };
  return {methods: {...methods}};
};
export default open;

const effectsIn: Pick<HandlerTools, 'apply' | 'savePosition' | 'isPassing'> = {
  apply: async (transaction, messages) => {
    for (const {id, position} of messages)
      await transaction.query('insert into effects (id, position) values ($1, $2)', [id, position]);
  },
  savePosition: async (transaction, batch) => {
    const last = Math.max(...batch.map(({position}) => position));
    await transaction.query('insert into position_moves (position) values ($1)', [last]);
  },
  isPassing: () => false,
};

const SILENT: Logger = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
