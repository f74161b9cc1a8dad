import {LabError} from '../../errors.ts';
import type {Disturbance, NodeMeasure} from '../disturbance.ts';
import {type Engine, engineError, reasonOf} from './engine.ts';
import {execIn} from './exec.ts';
import {MEMORY_LABEL} from './labels.ts';

const PERIOD_US = 100_000;
/** What the engine takes for no quota at all. */
const NO_QUOTA = -1;

/**
 * Turns for 600 ms of the machine's time and says from when to when, and what CPU time that took. Nothing but the shell's own words, since
 * images have little else.
 */
const BUSY_LOOP = `
at() { read now _ </proc/uptime; hundredths=$(( \${now%.*} * 100 + 1\${now#*.} - 100 )); }
at; from=$hundredths
while [ $hundredths -lt $((from + 60)) ]; do turns=0; while [ $turns -lt 500 ]; do turns=$((turns + 1)); done; at; done
echo $from $hundredths
times`;

/** Limits the CPU time of a container. */
export async function setCpu(engine: Engine, container: string, share: number): Promise<void> {
  await update(engine, container, {CpuPeriod: PERIOD_US, CpuQuota: Math.max(1_000, Math.round(share * PERIOD_US))});
}

export async function freeCpu(engine: Engine, container: string): Promise<void> {
  await update(engine, container, {CpuPeriod: PERIOD_US, CpuQuota: NO_QUOTA});
}

/** Lets a shell beside the node turn in a loop and looks what share of a core it got; not in an image without a shell. */
export async function measureCpu(engine: Engine, container: string): Promise<Extract<NodeMeasure, {kind: 'throttle'}>> {
  const {code, output} = await execIn(engine, container, ['sh', '-c', BUSY_LOOP]);
  const [, from, to] = /^(\d+) (\d+)$/m.exec(output) ?? [];
  const [, minutes, seconds, kernelMinutes, kernelSeconds] = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/m.exec(output) ?? [];
  const tookS = (Number(to) - Number(from)) / 100;
  const cpuS = 60 * (Number(minutes) + Number(kernelMinutes)) + Number(seconds) + Number(kernelSeconds);
  const share = code === 0 && tookS > 0 && Number.isFinite(cpuS) ? cpuS / tookS : undefined;
  return {kind: 'throttle', share, heldBackMs: await heldBackMs(engine, container)};
}

/** The kernel counts it by itself, which is all there is in an image without a shell. */
export async function heldBackMs(engine: Engine, container: string): Promise<number> {
  const {cpu_stats: cpu} = await engine.getContainer(container).stats({stream: false, 'one-shot': true});
  return (cpu.throttling_data?.throttled_time ?? 0) / 1e6;
}

/**
 * Limits the memory of a container. Less than it cannot do without: cgroup v1 refuses, as this does then; on v2 the kernel kills what is
 * in the container. Errors: FAULT_FAILED.
 */
export async function setMemory(engine: Engine, container: string, bytes: number): Promise<void> {
  try {
    // No swap on top: what is too much is too much.
    await update(engine, container, {Memory: bytes, MemorySwap: bytes});
  } catch (error) {
    if (!/unable to set memory limit|device or resource busy/i.test(reasonOf(error))) throw error;
    const {usedBytes} = await measureMemory(engine, container);
    throw new LabError(
      'FAULT_FAILED',
      `The kernel refuses the limit of ${megabytes(bytes)}: the node holds ${megabytes(usedBytes)}, and cannot give back enough of it.`,
      {cause: error},
    );
  }
}

/** The limit that the container was made with. */
export async function freeMemory(engine: Engine, container: string): Promise<void> {
  const {Config: config} = await engine.getContainer(container).inspect();
  const bytes = Number(config.Labels?.[MEMORY_LABEL]);
  if (!(bytes > 0))
    throw new LabError('FAULT_FAILED', 'The container does not say which memory limit it was made with.');
  await update(engine, container, {Memory: bytes, MemorySwap: bytes});
}

export async function measureMemory(
  engine: Engine,
  container: string,
): Promise<Extract<NodeMeasure, {kind: 'memory'}>> {
  const {memory_stats: memory} = await engine.getContainer(container).stats({stream: false, 'one-shot': true});
  const {failcnt} = memory as {failcnt?: number};
  const cached = memory.stats?.inactive_file ?? memory.stats?.total_inactive_file ?? 0;
  return {
    kind: 'memory',
    limitBytes: memory.limit ?? 0,
    // What is cached of files is given back when somebody needs it.
    usedBytes: Math.max(0, (memory.usage ?? 0) - cached),
    refused: failcnt,
  };
}

type Limit = Extract<Disturbance, {kind: 'throttle' | 'memory'}>;

export async function setLimit(engine: Engine, container: string, limit: Limit): Promise<void> {
  if (limit.kind === 'throttle') await setCpu(engine, container, limit.cpu);
  else await setMemory(engine, container, limit.limitBytes);
}

async function update(engine: Engine, container: string, limits: object): Promise<void> {
  await engine
    .getContainer(container)
    .update(limits)
    .catch(error => {
      throw engineError(error, 'the limits of a container could not be changed');
    });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
