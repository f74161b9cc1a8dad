import {Type} from 'typebox';
import type {Kit} from '../kit/service.ts';
import {openOperatorSession} from './operator-session.ts';
import type {QuotaRepository, SchemaChange} from './seams/repository.ts';

const STATES = ['before', 'up', 'backfill', 'after', 'down', 'failed'] as const;
type State = (typeof STATES)[number];
const Change = Type.Object({state: Type.Enum(STATES), reason: Type.Union([Type.String(), Type.Null()])});
const Wanted = Type.Object(
  {to: Type.Union([Type.Literal('after'), Type.Literal('before')])},
  {additionalProperties: false},
);

interface Versions {
  readonly before: QuotaRepository;
  readonly after: QuotaRepository;
  readonly change: SchemaChange;
  /** Whether this process serves quotas; one that only reads them makes no change. */
  readonly isServed: boolean;
}

/**
 * A repository that is the version before until the schema has changed, and again before that is taken back. `PUT /v1/schema-change` is an operator's:
 * it is among no gateway's routes by default. One step at a time; what has failed may be asked for again.
 */
export function serveSchemaChange(kit: Kit, {before, after, change, isServed}: Versions): QuotaRepository {
  const {app, clock, log} = kit;
  let current = before;
  let state: State = 'before';
  let reason: string | null = null;
  let work: Promise<void> = Promise.resolve();

  async function go(to: 'after' | 'before'): Promise<void> {
    const operator = await openOperatorSession(kit);
    const tools = {session: operator.session, clock, log};
    reason = null;
    try {
      if (to === 'after') {
        state = 'up';
        await change.up(tools);
        current = after;
        state = 'backfill';
        await change.backfill(tools);
      } else {
        current = before;
        state = 'down';
        await change.down(tools);
      }
      state = to;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      log.error({err: error, step: state}, 'a change of the schema has failed');
      state = 'failed';
    } finally {
      await operator.close();
    }
  }

  if (isServed) {
    const summary = 'Change the schema, or take the change back';
    app.put('/v1/schema-change', {schema: {summary, body: Wanted, response: {202: Change}}}, async (request, reply) => {
      const {to} = request.body;
      work = work
        .then(() => go(to))
        .catch(error => log.error({err: error}, 'the database could not be asked to change'));
      return reply.code(202).send({state, reason});
    });
    app.get('/v1/schema-change', {schema: {summary: 'How far it is', response: {200: Change}}}, () => ({
      state,
      reason,
    }));
  }
  return {
    read: account => current.read(account),
    write: (account, eventsPerSecond) => current.write(account, eventsPerSecond),
    remove: account => current.remove(account),
  };
}
