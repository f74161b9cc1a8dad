import type {Runtime} from '../runtime/runtime.ts';
import type {PlannedNode} from '../topology/plan.ts';
import {probeBroker, probeHttp, probePostgres} from './probe.ts';

/** While a node starts, it is asked this often whether it is ready, in ms. */
const STARTING_PROBE_EVERY_MS = 20;
/** Time for an answer to that, in ms. */
const READY_ANSWER_WITHIN_MS = 2_000;

/** Is told what probes of a node find out. */
export interface ProbeListener {
  /** It answers for the first time. */
  onReady(): Promise<void>;
  /** What its readiness answered since then; undefined for no answer. */
  onReadiness(status: number | undefined): void;
  /** Its liveness failed as often as its supervision allows. Nothing more is told after that. */
  onUnresponsive(failures: number): void;
}

/**
 * Asks a node whether it is ready until it is, and then by its supervision whether it lives. Returns what ends that: nothing is told any
 * more from then on. Databases have no liveness of their own here: their process is what is watched.
 */
export function probeNode(node: PlannedNode, runtime: Runtime, listener: ProbeListener): () => void {
  const {probeEveryMs, probeTimeoutMs, failureThreshold} = node.supervision;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const again = (look: () => Promise<void>, afterMs: number): void => {
    if (!ended) timer = setTimeout(() => void look(), afterMs);
  };
  const lookReady = async (): Promise<void> => {
    const ready = await isReady(node, runtime);
    if (ended) return;
    if (!ready) return again(lookReady, STARTING_PROBE_EVERY_MS);
    await listener.onReady();
    if (node.kind === 'service') again(async () => lookLive(0), probeEveryMs);
  };
  const lookLive = async (failedBefore: number): Promise<void> => {
    const address = runtime.address(node.name);
    const [live, ready] = await probeHttp(address, ['/livez', '/readyz'], probeTimeoutMs);
    if (ended) return;
    const failed = live === 200 ? 0 : failedBefore + 1;
    if (failed >= failureThreshold) return listener.onUnresponsive(failed);
    listener.onReadiness(ready);
    again(async () => lookLive(failed), probeEveryMs);
  };
  void lookReady();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

async function isReady(node: PlannedNode, runtime: Runtime): Promise<boolean> {
  if (node.kind === 'broker') return probeBroker(runtime.broker(node.name), READY_ANSWER_WITHIN_MS);
  if (node.kind === 'postgres') return probePostgres(runtime.postgres(node.name), READY_ANSWER_WITHIN_MS);
  const [ready] = await probeHttp(runtime.address(node.name), ['/readyz'], READY_ANSWER_WITHIN_MS);
  return ready === 200;
}
