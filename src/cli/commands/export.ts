import {relative} from 'node:path';
import {findEntries} from '../../controller/entries.ts';
import {composeFile} from '../../runtime/docker/compose.ts';
import {defaultTopology} from '../../topology/default.ts';
import {planTopology} from '../../topology/plan-topology.ts';
import type {BrokerEngine} from '../../topology/topology.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {parseChoice} from '../parse/choice.ts';
import {readTopology} from '../topology-file.ts';

export const FORMATS = ['compose'] as const;

export interface ExportFlags {
  readonly broker?: BrokerEngine;
  readonly replicas?: Readonly<Record<string, number>>;
  /** File name. */
  readonly topology?: string;
}

/** Prints deployment files of a topology; the image of the services is built from this installation. */
export async function run(context: Context, rawFormat: string, flags: ExportFlags): Promise<Outcome> {
  parseChoice(rawFormat, 'export', FORMATS);
  const topology = flags.topology === undefined ? defaultTopology() : await checkedTopology(flags.topology);
  const plan = planTopology(topology, {replicas: flags.replicas ?? {}, broker: flags.broker ?? 'nats'});
  const folder = relative(process.cwd(), findEntries().packageFolder);
  const compose = composeFile(plan, {context: folder === '' ? '.' : folder});
  if (context.json) context.document({format: 'compose', files: [{name: 'compose.yaml', text: compose}]});
  else context.line(compose.trimEnd());
  return 'ok';
}

async function checkedTopology(file: string): Promise<ReturnType<typeof defaultTopology>> {
  const {declaredTopology} = await import('../../topology/declared.ts');
  return declaredTopology(await readTopology(file));
}
