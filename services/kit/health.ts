import {type TSchema, Type} from 'typebox';
import type {Clock} from './clock.ts';
import type {App} from './server.ts';

export interface Check {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface HealthOptions {
  readonly checks: readonly Check[];
  readonly clock: Pick<Clock, 'now'>;
  readonly started: () => boolean;
  readonly draining: AbortSignal;
}

/** A probe that waits longer than its caller says nothing: by then each check has answered or failed. */
const CHECK_WITHIN_MS = 1_000;

const Status = Type.Object({status: Type.String(), failing: Type.Optional(Type.Array(Type.String()))});
/** With its time, so that whoever asks sees how far its clock is off. */
const Alive = Type.Object({status: Type.String(), time: Type.String({format: 'date-time'})});

/**
 * `/livez`: this process runs and its loop turns; nothing else is asked, or an outage of the database would have every service
 * restarted. `/readyz`: it can do its work now.
 */
export function serveHealth(app: App, {checks, clock, started, draining}: HealthOptions): void {
  const config = {probe: true};
  const schema = (summary: string, response: Record<number, TSchema>) => ({summary, tags: ['health'], response});
  app.get('/livez', {config, schema: schema('Whether the process runs', {200: Alive})}, () => ({
    status: 'alive',
    time: new Date(clock.now()).toISOString(),
  }));
  const runAll = shared(async () => {
    const outcomes = await Promise.all(checks.map(async ({name, run}) => ((await passes(run)) ? undefined : name)));
    return outcomes.filter(name => name !== undefined);
  });
  app.get(
    '/readyz',
    {config, schema: schema('Whether it can do its work', {200: Status, 503: Status})},
    async (_request, reply) => {
      if (draining.aborted) return reply.code(503).send({status: 'draining'});
      if (!started()) return reply.code(503).send({status: 'starting'});
      const failing = await runAll();
      return failing.length === 0 ? {status: 'ready'} : reply.code(503).send({status: 'not ready', failing});
    },
  );
}

async function passes(run: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => {
    timer = setTimeout(resolve, CHECK_WITHIN_MS, false);
  });
  const passed = run().then(
    () => true,
    () => false,
  );
  return Promise.race([passed, late]).finally(() => clearTimeout(timer));
}

/** Probes that come while one is under way get its outcome, so that they cannot pile up on a slow database. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
