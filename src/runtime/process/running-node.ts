import {LabError} from '../../errors.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {armWithin, disarmWithin} from '../control-channel.ts';
import {createKitDisturber} from '../kit-disturber.ts';
import {tailLines} from '../log-file.ts';
import type {RunningNode} from '../runtime.ts';
import {descendantsOf} from './leftovers.ts';
import {measureProcess} from './process-table.ts';
import {freezeTree, killTree, resumeTree} from './process-tree.ts';
import type {StartedProcess} from './start-process.ts';
import {stoppedTime, timeOf} from './stopped-time.ts';

export interface RunningNodeSpec {
  readonly node: PlannedNode;
  readonly address: Address;
  readonly logFile: string;
  /** Signals that ask it to end, from gentle to rude, each with the time (ms) that it gets; the first has the caller's grace. */
  readonly stopSignals: readonly {readonly signal: NodeJS.Signals; readonly graceMs: number}[];
  /** Whether it is a tree of processes, as Postgres is, that only together make the node. */
  readonly isTree: boolean;
}

/** Gives a started process the face of a node. */
export function createRunningNode(process: StartedProcess, spec: RunningNodeSpec): RunningNode {
  const {pid, control, exited} = process;
  const {node, isTree} = spec;
  let paused = false;
  let frozen: {readonly pids: readonly number[]; readonly time: number} | undefined;

  const kill = async (): Promise<void> => {
    if (!process.isGone()) {
      process.expect('killed');
      // All of a tree must be gone: a surviving backend would hold up the next start.
      if (isTree) await killTree(pid);
      else process.signal('SIGKILL');
    }
    await exited;
  };
  const stop = async (graceMs?: number): Promise<void> => {
    // What is frozen cannot end by itself, and thawing it would let it do things that nobody expects of a paused node.
    if (paused) return kill();
    for (const [index, {signal, graceMs: ownGraceMs}] of spec.stopSignals.entries()) {
      if (process.isGone()) break;
      process.expect('stopped');
      process.signal(signal);
      if (await process.endsWithin(index === 0 ? (graceMs ?? ownGraceMs) : ownGraceMs)) return;
    }
    await kill();
  };
  const needControl = (): NonNullable<typeof control> => {
    if (control === undefined)
      throw new LabError('NOT_POSSIBLE_HERE', `${node.name} is a ${node.kind}; only services have crash points.`);
    if (process.isGone()) throw new LabError('NODE_GONE', `${node.name} is not running.`);
    return control;
  };

  const stats: RunningNode['stats'] = async () => {
    if (process.isGone()) return undefined;
    const all = [pid, ...(isTree ? descendantsOf(pid) : [])].flatMap(each => measureProcess(each) ?? []);
    const [root, ...below] = all;
    if (root === undefined) return undefined;
    // What processes of a tree share is counted once, in the root.
    const rssBytes = below.reduce((sum, each) => sum + each.ownBytes, root.rssBytes);
    return {rssBytes, cpuMs: all.reduce((sum, each) => sum + each.cpuMs, 0)};
  };

  return {
    name: node.name,
    service: node.service,
    address: spec.address,
    pid,
    startedAt: process.startedAt,
    exited,
    stop,
    kill,
    pause: async () => {
      if (process.isGone()) throw new LabError('NODE_GONE', `${node.name} is not running.`);
      paused = true;
      const pids = await freezeTree(pid);
      frozen = {pids, time: await stoppedTime(pids)};
    },
    resume: async () => {
      if (process.isGone()) return;
      paused = false;
      frozen = undefined;
      await resumeTree(pid);
    },
    ranWhilePaused: () => frozen !== undefined && !process.isGone() && timeOf(frozen.pids) > frozen.time,
    armCrashPoint: async (point, skip) => armWithin(needControl(), exited, {node: node.name, point, skip}),
    disarmCrashPoints: async () => disarmWithin(needControl(), exited),
    ...(control === undefined
      ? {}
      : {disturber: createKitDisturber({node: node.name, address: spec.address, control: needControl, exited, stats})}),
    onReport: listener => control?.onReport(listener),
    stats,
    logTail: async lines => tailLines(spec.logFile, lines),
    [Symbol.asyncDispose]: async () => stop(),
  };
}
