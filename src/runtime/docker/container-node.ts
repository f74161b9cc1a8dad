import {createWriteStream} from 'node:fs';
import {constants} from 'node:os';
import type Docker from 'dockerode';
import {LabError} from '../../errors.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {armWithin, type ControlChannel, createControlChannel, disarmWithin} from '../control-channel.ts';
import {createKitDisturber} from '../kit-disturber.ts';
import {openLog, tailLines} from '../log-file.ts';
import type {NodeExit, RunningNode} from '../runtime.ts';
import {type Attached, attach} from './attach.ts';
import {createContainerDisturber} from './container-disturber.ts';
import {type Engine, engineError, statusOf} from './engine.ts';
import {SESSION_LABEL} from './labels.ts';
import {type PutFiles, putFiles} from './put-files.ts';
import {waitForEnd} from './wait-for-end.ts';

const STOP_GRACE_MS = 5_000;
/** The last words of a container are on their way when it is seen to be gone; this (ms) is a bound against hanging. */
const LAST_WORDS_WITHIN_MS = 1_000;

export interface ContainerSpec {
  readonly node: PlannedNode;
  readonly options: Docker.ContainerCreateOptions;
  /** Where the lab reaches it. */
  readonly address: Address;
  readonly logFile: string;
  /** What has to be in a volume of it before it starts. */
  readonly files?: PutFiles;
  /** Whether it speaks the control channel on its standard streams. */
  readonly control: boolean;
}

export interface StartedContainer extends RunningNode {
  /** Settles when the engine has forgotten it, and its name is free again. */
  readonly removed: Promise<void>;
}

/** Makes a container and starts it. What was made is gone again when it throws. Errors: PORT_TAKEN, NAME_TAKEN, NO_SPACE, ENGINE_MISSING, ENGINE_FAILED. */
export async function startContainer(engine: Engine, spec: ContainerSpec): Promise<StartedContainer> {
  const {node, logFile} = spec;
  const what = `${node.name} could not be started`;
  const container = await engine.createContainer(spec.options).catch(error => {
    throw engineError(error, what);
  });
  const log = createWriteStream(logFile, {fd: openLog(logFile)});
  // Without space on the disk a log loses lines, and nothing else.
  log.on('error', () => undefined);
  try {
    if (spec.files !== undefined) await putFiles(container, spec.files);
    const attached = await attach(engine, container, log);
    await container.start();
    return asNode(engine, container, spec, {attached, closeLog: () => log.end()});
  } catch (error) {
    await container.remove({force: true, v: true}).catch(() => undefined);
    log.end();
    throw engineError(error, what);
  }
}

interface Streams {
  readonly attached: Attached;
  closeLog(): void;
  /** Its exit code, once it has ended, or null when nobody knows; without it the engine is asked. */
  readonly exitCode?: Promise<number | null>;
}

/** A container that runs, as a node. */
export function asNode(
  engine: Engine,
  container: Docker.Container,
  spec: ContainerSpec,
  {attached, closeLog, exitCode}: Streams,
): StartedContainer {
  const {node, logFile, address} = spec;
  const control = spec.control ? createControlChannel(attached.control) : undefined;
  if (control === undefined) attached.control.resume();
  let intent: 'stopped' | 'killed' | undefined;
  let point: string | undefined;
  let gone = false;
  control?.onReport(report => {
    if (report.type === 'crash-point') point = report.point;
  });

  const exited = (async (): Promise<NodeExit> => {
    // Null when the engine does not tell any more.
    const code = await (exitCode ?? waitForEnd(engine, container.id).catch(() => null));
    gone = true;
    const at = Date.now();
    await Promise.race([attached.ended, delay(LAST_WORDS_WITHIN_MS)]);
    attached.detach();
    closeLog();
    const signal = signalOf(code);
    const ended = {code: signal === null ? code : null, signal, at};
    if (point !== undefined && signal === 'SIGKILL') return {how: 'crash-point', point, ...ended};
    if (intent === undefined && signal === 'SIGKILL' && (await ranOutOfMemory(container)))
      return {how: 'exited', outOfMemory: true, ...ended};
    return {how: intent === 'stopped' && signal === 'SIGKILL' ? 'killed' : (intent ?? 'exited'), ...ended};
  })();
  const removed = exited.then(async () => {
    await container.remove({force: true, v: true}).catch(() => undefined);
  });

  const kill = async (): Promise<void> => {
    if (!gone) {
      intent = 'killed';
      await container.kill({signal: 'SIGKILL'}).catch(unlessGone(`${node.name} could not be killed`));
    }
    await exited;
    await removed;
  };
  const needControl = (): ControlChannel => {
    if (control === undefined)
      throw new LabError('NOT_POSSIBLE_HERE', `${node.name} is a ${node.kind}; only services have crash points.`);
    if (gone) throw new LabError('NODE_GONE', `${node.name} is not running.`);
    return control;
  };
  let paused = false;
  const stop = async (graceMs = STOP_GRACE_MS): Promise<void> => {
    // What is frozen cannot end by itself.
    if (paused) return kill();
    if (!gone) {
      intent = 'stopped';
      const grace = delay(graceMs).then(() => 'late' as const);
      await container.kill({signal: stopSignal(node)}).catch(unlessGone(`${node.name} could not be stopped`));
      if ((await Promise.race([exited, grace])) === 'late') return kill();
    }
    await exited;
    await removed;
  };

  const stats: RunningNode['stats'] = async () => (gone ? undefined : statsOf(container));

  return {
    name: node.name,
    service: node.service,
    address,
    container: container.id,
    startedAt: Date.now(),
    exited,
    removed,
    stop,
    kill,
    pause: async () => {
      if (gone) throw new LabError('NODE_GONE', `${node.name} is not running.`);
      paused = true;
      await container.pause().catch(unlessGone(`${node.name} could not be paused`));
    },
    resume: async () => {
      if (gone) return;
      paused = false;
      await container.unpause().catch(unlessGone(`${node.name} could not be resumed`));
    },
    armCrashPoint: async (name, skip) => armWithin(needControl(), exited, {node: node.name, point: name, skip}),
    disarmCrashPoints: async () => disarmWithin(needControl(), exited),
    disturber: createContainerDisturber({
      engine,
      container: container.id,
      node: node.name,
      session: spec.options.Labels?.[SESSION_LABEL] ?? '',
      isGone: () => gone,
      ...(control === undefined
        ? {}
        : {kit: createKitDisturber({node: node.name, address, control: needControl, exited, stats})}),
    }),
    onReport: listener => control?.onReport(listener),
    stats,
    logTail: async lines => tailLines(logFile, lines),
    [Symbol.asyncDispose]: async () => stop(),
  };
}

/** Services drain on SIGTERM; Postgres ends its sessions and stops on SIGINT, as its image says, and NATS likes either. */
function stopSignal({kind}: PlannedNode): string {
  return kind === 'service' ? 'SIGTERM' : 'SIGINT';
}

async function ranOutOfMemory(container: Docker.Container): Promise<boolean> {
  try {
    return (await container.inspect()).State.OOMKilled;
  } catch {
    return false;
  }
}

/** Shells and engines write the end by a signal as 128 and its number. */
function signalOf(code: number | null): string | null {
  if (code === null || code <= 128) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === code - 128);
  return found?.[0] ?? null;
}

/** A container that has ended meanwhile cannot be told anything, and need not be. */
function unlessGone(what: string): (error: unknown) => void {
  return error => {
    const status = statusOf(error);
    if (status === 404 || status === 409) return;
    throw engineError(error, what);
  };
}

async function statsOf(container: Docker.Container): Promise<{rssBytes: number; cpuMs: number} | undefined> {
  try {
    const stats = await container.stats({stream: false, 'one-shot': true});
    const {usage = 0, stats: details} = stats.memory_stats;
    // What is cached of files counts as used, and is given back when somebody needs it.
    const cached = details?.inactive_file ?? details?.total_inactive_file ?? 0;
    return {rssBytes: Math.max(0, usage - cached), cpuMs: stats.cpu_stats.cpu_usage.total_usage / 1e6};
  } catch {
    return undefined;
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms).unref());
}
