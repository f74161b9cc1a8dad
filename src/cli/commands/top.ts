import {setTimeout as wait} from 'node:timers/promises';
import type {ControllerClient} from '../../controller/connection.ts';
import type {StatusReport} from '../../controller/protocol.ts';
import type {Outcome} from '../command.ts';
import {withRunning} from '../connect.ts';
import type {Context} from '../context.ts';
import {createLiveBlock} from '../output/live.ts';
import {paint, paintErr} from '../output/paint.ts';
import {renderTop, type TopLook, topLook} from '../render/top.ts';

export interface TopFlags {
  /** ms */
  readonly every?: number;
  readonly count?: number;
}

const EVERY_MS_DEFAULT = 2_000;
/** Metrics are kept in steps of 5 s: a shorter window would often hold nothing. */
const METRICS_MS_MIN = 10_000;
/** Left for the line below. */
const ROWS_KEPT = 2;

interface Sample {
  readonly status: StatusReport;
  /** Monotonic, ms. */
  readonly at: number;
}

export async function run(context: Context, flags: TopFlags): Promise<Outcome> {
  const {every = EVERY_MS_DEFAULT} = flags;
  const isLive = context.updates && !context.json;
  const count = flags.count ?? (isLive ? Number.POSITIVE_INFINITY : 1);
  return withRunning<Outcome>(context, async client => {
    const show = isLive ? drawIn(context) : printTo(context, count);
    if (!isLive) context.progress.step(`looking for ${every / 1000} s`);
    let before = await sample(client, context.signal);
    try {
      for (let shown = 0; shown < count; shown++) {
        await wait(every, undefined, {signal: context.signal});
        const after = await sample(client, context.signal);
        show.look(await lookBetween(client, before, after, context.signal));
        before = after;
      }
    } catch (error) {
      if (context.signal.aborted) return 'interrupted';
      throw error;
    } finally {
      show.end();
    }
    return 'ok';
  });
}

async function sample(client: ControllerClient, signal: AbortSignal): Promise<Sample> {
  const status = await client.call('status', {}, undefined, signal);
  return {status, at: performance.now()};
}

async function lookBetween(
  client: ControllerClient,
  before: Sample,
  after: Sample,
  signal: AbortSignal,
): Promise<TopLook> {
  const elapsedMs = after.at - before.at;
  const windowMs = Math.max(METRICS_MS_MIN, Math.round(elapsedMs));
  const {routes} = await client.call('telemetry.metrics', {windowMs}, undefined, signal);
  return {
    at: new Date().toISOString(),
    ...topLook(before.status, after.status, elapsedMs),
    routes: routes.toSorted((one, other) => other.ratePerSecond - one.ratePerSecond),
  };
}

interface Show {
  look(look: TopLook): void;
  end(): void;
}

/** One picture, drawn again in place. The last one stays. */
function drawIn(context: Context): Show {
  const live = createLiveBlock(context.stderr);
  let last: TopLook | undefined;
  const lines = (look: TopLook, colours: typeof paint): string[] =>
    renderTop(look, {width: context.width, paint: colours, now: Date.now(), ...heightOf(context)});
  return {
    look(look) {
      last = look;
      live.draw([...lines(look, paintErr), paintErr.faint('Ctrl-C ends it.')]);
    },
    end() {
      live.clear();
      if (last !== undefined) context.lines(lines(last, paint));
    },
  };
}

function printTo(context: Context, count: number): Show {
  return {
    look(look) {
      context.progress.stop();
      if (!context.json) context.lines(renderTop(look, {width: context.width, paint, now: Date.now()}));
      else if (count === 1) context.document(look);
      else context.record(look);
    },
    end: () => context.progress.stop(),
  };
}

function heightOf({stderr: {rows}}: Context): {readonly height?: number} {
  return rows === undefined ? {} : {height: Math.max(5, rows - ROWS_KEPT)};
}
