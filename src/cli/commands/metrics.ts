import type {Outcome} from '../command.ts';
import {withRunning} from '../connect.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {renderMetrics} from '../render/metrics.ts';
import {renderLosses} from '../render/traces.ts';

export interface MetricsFlags {
  /** ms */
  readonly since?: number;
}

export async function run(context: Context, {since}: MetricsFlags): Promise<Outcome> {
  return withRunning<Outcome>(context, async client => {
    const windowMs = since ?? null;
    const {routes, losses} = await client.call('telemetry.metrics', {windowMs}, undefined, context.signal);
    if (context.json) {
      context.document({windowMs, routes, losses});
      return 'ok';
    }
    if (routes.length === 0) context.say('No request was answered in this time. `teralab load` sends some.');
    else context.lines(renderMetrics(routes, {width: context.width, paint}));
    for (const line of renderLosses(losses)) context.say(line);
    return 'ok';
  });
}
