import type {UpOptions} from '../../controller/protocol.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {seconds} from '../output/figures.ts';
import {paint} from '../output/paint.ts';
import {counted} from '../output/text.ts';
import {renderStatus} from '../render/status.ts';
import {engineFor} from '../runtime-engine.ts';
import {readTopology} from '../topology-file.ts';
import {populate, readToxiproxyConfig} from '../toxiproxy-config.ts';

export interface UpFlags extends Omit<UpOptions, 'topology'> {
  /** File name. */
  readonly topology?: string;
  /** File name. */
  readonly toxiproxyConfig?: string;
}

export async function run(context: Context, flags: UpFlags): Promise<Outcome> {
  const started = Date.now();
  const {runtime, broker, replicas, port, toxiproxyApi, otlp} = flags;
  const config = flags.toxiproxyConfig === undefined ? undefined : await readToxiproxyConfig(flags.toxiproxyConfig);
  const topology = flags.topology === undefined ? undefined : await readTopology(flags.topology);
  const options = Object.fromEntries(
    Object.entries({
      runtime,
      ...(await engineFor(runtime)),
      broker,
      replicas,
      port,
      toxiproxyApi,
      otlp,
      topology,
    }).filter(([, value]) => value !== undefined),
  ) as UpOptions;
  context.doing('stopping to wait; `teralab down` stops what has been started');
  context.progress.step('starting the system');
  await withSystem(context, options, async (client, healthy) => {
    let status = healthy;
    const {toxiproxyApi: url} = status.urls;
    if (config !== undefined && url !== undefined) {
      context.progress.step(`putting the toxics of ${config.file} on`);
      await populate(config, url, context.signal);
      status = await client.call('status', {}, undefined, context.signal);
    }
    if (context.json) {
      context.document(status);
      return;
    }
    context.lines(renderStatus(status, {width: context.width, paint, now: Date.now()}));
    context.line();
    context.line(
      `${paint.good('✔')} ${counted(status.nodes.length, 'node')} up in ${seconds(Date.now() - started)}. Stop them with \`teralab down\`.`,
    );
  });
  return 'ok';
}
