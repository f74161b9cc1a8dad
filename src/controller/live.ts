import {mkdir, statfs} from 'node:fs/promises';
import {join} from 'node:path';
import type {Agent} from '../agent/agent.ts';
import {LabError} from '../errors.ts';
import {createFaultEngine} from '../faults/create-engine.ts';
import type {FaultEngine} from '../faults/engine.ts';
import type {NodeEvent} from '../labs/system.ts';
import type {Paths} from '../paths.ts';
import type {KnownProcess} from '../runtime/process/leftovers.ts';
import type {EngineRecord, Runtime, RuntimeName} from '../runtime/runtime.ts';
import type {Plan} from '../topology/plan.ts';
import type {Entries} from './entries.ts';
import {faultNodes} from './fault-nodes.ts';
import {openPlatform} from './platform.ts';
import {PostgresReader} from './postgres.ts';
import {createWatchdog, type Watchdog} from './start-watchdog.ts';
import {System} from './system.ts';

/** What a system is going to write at the very least: logs, ledgers, records. */
const SPACE_BYTES_MIN = 20_000_000;

/** A system with everything that has to be taken down again, in one place. */
export interface Live {
  readonly system: System;
  readonly agent: Agent;
  readonly runtime: Runtime;
  readonly faults: FaultEngine;
  readonly postgres: PostgresReader;
  /** Where faults of nodes would outlive this process. */
  readonly watchdog: Watchdog | undefined;
}

export interface LiveOptions {
  readonly session: string;
  readonly workspaceId: string;
  readonly paths: Paths;
  readonly entries: Entries;
  readonly runtime: RuntimeName;
  readonly engine: EngineRecord | undefined;
  readonly gatewayPort: number | undefined;
  readonly openAgent: () => Agent;
  readonly onEngine: (engine: EngineRecord) => Promise<void>;
  readonly say: (line: string) => void;
  /** The processes that run are these now. */
  readonly onProcesses: (nodes: readonly KnownProcess[]) => void;
  readonly onEvent: (event: NodeEvent) => void;
  /** What was made could not be removed again, and has to be later. */
  readonly onLeft: (error: unknown) => void;
  /** Lets the fault engine hear what `onEvent` is told. */
  readonly listen: (listener: (event: NodeEvent) => void) => () => void;
}

/** Makes ready what a plan needs to run, and starts none of its nodes yet. What was made is gone again when it throws. */
export async function prepareLive(plan: Plan, options: LiveOptions): Promise<Live> {
  const {workspaceId, paths, say} = options;
  const logFolder = join(paths.state, 'logs', workspaceId);
  for (const folder of [logFolder, join(paths.state, 'faults')]) await mkdir(folder, {recursive: true, mode: 0o700});
  await needSpace(paths.state);
  const platform = await openPlatform(options.runtime, {...options, logFolder});
  const {runtime} = platform;
  let agent: Agent | undefined;
  try {
    await runtime.prepare(plan.nodes, say);
    agent = await platform.agent();
    const system: System = new System(plan, {
      runtime,
      agent,
      onProcesses: () => options.onProcesses(system.keepers().flatMap(keeper => keeper.known ?? [])),
      onEvent: options.onEvent,
    });
    const nodes = faultNodes(system, options.listen);
    // Processes end with this one, and their faults with them; containers do not.
    const {session, entries} = options;
    const watchdog =
      options.runtime === 'process'
        ? undefined
        : createWatchdog({entry: entries.watchdog, stateFolder: paths.state, workspaceId, session});
    const faults = createFaultEngine({
      fabric: agent.fabric,
      plan: () => system.plan,
      nodes,
      recordFile: join(paths.state, 'faults', `${workspaceId}.jsonl`),
      ...(watchdog === undefined ? {} : {beforeNodeFault: () => watchdog.ensure()}),
    });
    await faults.healLeftovers();
    const postgres = new PostgresReader(node => runtime.postgres(node));
    return {system, agent, runtime, faults, postgres, watchdog};
  } catch (error) {
    await (agent ?? (await platform.agent().catch(() => undefined)))?.stop().catch(() => undefined);
    await runtime.down().catch(options.onLeft);
    throw error;
  }
}

/**
 * Takes all of it down. A step that fails is told and keeps none of the others from being done. Throws when the runtime could not remove
 * what it has made, so that somebody else has to.
 */
export async function takeDown(
  live: Live,
  log: (line: string) => void,
  say: (line: string) => void = log,
): Promise<void> {
  const steps: readonly (() => Promise<unknown>)[] = [
    async () => live.faults.stop(),
    async () => live.watchdog?.stop(),
    async () => live.postgres.close(),
    // While services still answer what is under way; their connections stay as they are.
    async () => live.runtime.beforeDown?.(),
    async () => live.system.stop(),
    async () => live.agent.stop(),
  ];
  for (const step of steps) await step().catch(error => log(`down: ${String(error)}`));
  await live.runtime.down(say);
}

/** Nodes that cannot write their logs end without a word; it is better said before. Errors: NO_SPACE. */
async function needSpace(folder: string): Promise<void> {
  const {bavail, bsize} = await statfs(folder);
  if (bavail * bsize >= SPACE_BYTES_MIN) return;
  throw new LabError(
    'NO_SPACE',
    `The disk of ${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB left; a system wants ${SPACE_BYTES_MIN / 1e6} MB.`,
  );
}
