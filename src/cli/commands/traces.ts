import type {ControllerClient} from '../../controller/connection.ts';
import {LabError} from '../../errors.ts';
import {nearest} from '../../nearest.ts';
import type {Outcome} from '../command.ts';
import {withRunning} from '../connect.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {renderLosses, renderTrace, renderTraces} from '../render/traces.ts';

export interface TracesFlags {
  readonly service?: string;
  readonly errors?: boolean;
  /** ms */
  readonly slow?: number;
  readonly limit?: number;
}

const LIMIT_DEFAULT = 20;

export async function run(context: Context, id: string | undefined, flags: TracesFlags): Promise<Outcome> {
  return withRunning<Outcome>(context, async client =>
    id === undefined ? list(context, client, flags) : show(context, client, id),
  );
}

async function list(context: Context, client: ControllerClient, flags: TracesFlags): Promise<Outcome> {
  const {service, errors, slow, limit = LIMIT_DEFAULT} = flags;
  if (service !== undefined) await needService(context, client, service);
  const found = await client.call(
    'telemetry.traces',
    {
      limit,
      ...(service === undefined ? {} : {service}),
      ...(errors === undefined ? {} : {errors}),
      ...(slow === undefined ? {} : {slowMs: slow}),
    },
    undefined,
    context.signal,
  );
  if (context.json) {
    context.document(found);
    return 'ok';
  }
  if (found.traces.length === 0)
    context.say('No such trace is kept. A request to the gateway makes one: `teralab load`.');
  else context.lines(renderTraces(found.traces, {width: context.width, paint}));
  for (const line of renderLosses(found.losses)) context.say(line);
  return 'ok';
}

async function show(context: Context, client: ControllerClient, id: string): Promise<Outcome> {
  const trace = await client.call('telemetry.trace', {id}, undefined, context.signal);
  if (context.json) context.document(trace);
  else context.lines(renderTrace(trace, {width: context.width, paint}));
  return 'ok';
}

async function needService(context: Context, client: ControllerClient, service: string): Promise<void> {
  const {nodes} = await client.call('status', {}, undefined, context.signal);
  const services = [...new Set(nodes.map(node => node.service))];
  if (services.includes(service)) return;
  const close = nearest(service, services);
  throw new LabError(
    'UNKNOWN_NODE',
    `There is no service "${service}".${close === undefined ? '' : ` Did you mean ${close}?`}`,
  );
}
