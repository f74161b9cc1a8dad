import {readFile} from 'node:fs/promises';
import type {UpOptions} from '../../controller/protocol.ts';
import {LabError} from '../../errors.ts';
import type {Outcome} from '../command.ts';
import {withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {seconds} from '../output/figures.ts';
import {paint} from '../output/paint.ts';
import {counted} from '../output/text.ts';
import {renderStatus} from '../render/status.ts';
import {refuseMissingEngines} from '../runtime-choice.ts';

export interface UpFlags extends Omit<UpOptions, 'topology'> {
  /** File name. */
  readonly topology?: string;
}

/** Largest topology file that is read, bytes. */
const TOPOLOGY_BYTES_MAX = 1_000_000;

export async function run(context: Context, flags: UpFlags): Promise<Outcome> {
  refuseMissingEngines(flags);
  const started = Date.now();
  const {runtime, broker, replicas, port} = flags;
  const topology = flags.topology === undefined ? undefined : await readTopology(flags.topology);
  const options = Object.fromEntries(
    Object.entries({runtime, broker, replicas, port, topology}).filter(([, value]) => value !== undefined),
  ) as UpOptions;
  context.doing('stopping to wait; `teralab down` stops what has been started');
  context.progress.step('starting the system');
  await withSystem(context, options, async (_, status) => {
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

/** Parsed YAML (which JSON is too); what it means is checked by the topology itself. */
async function readTopology(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new LabError('BAD_TOPOLOGY', `The topology ${file} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (text.length > TOPOLOGY_BYTES_MAX) throw new LabError('BAD_TOPOLOGY', `The topology ${file} is larger than 1 MB.`);
  const {parse} = await import('yaml');
  try {
    return parse(text, {maxAliasCount: 100});
  } catch (error) {
    throw new LabError(
      'BAD_TOPOLOGY',
      `The topology ${file} is not valid YAML: ${(error as Error).message.trimEnd()}`,
      {cause: error},
    );
  }
}
