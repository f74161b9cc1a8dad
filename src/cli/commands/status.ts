import type {Outcome} from '../command.ts';
import {withRunning} from '../connect.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {renderStatus} from '../render/status.ts';

export async function run(context: Context): Promise<Outcome> {
  return withRunning<Outcome>(context, async client => {
    const status = await client.call('status', {}, undefined, context.signal);
    if (context.json) context.document(status);
    else context.lines(renderStatus(status, {width: context.width, paint, now: Date.now()}));
    return 'ok';
  });
}
