import {LabError} from '../errors.ts';
import type {NodeEvent} from '../labs/system.ts';
import {type KnownProcess, processStartTime} from '../runtime/process/leftovers.ts';
import type {NodeExit, NodeReport, RunningNode, Runtime, StartOptions} from '../runtime/runtime.ts';
import type {PlannedNode} from '../topology/plan.ts';
import {probeNode} from './probe-node.ts';
import type {NodeState} from './protocol.ts';

/** Detail of the exit of a node that the kernel has ended for want of memory. */
export const OUT_OF_MEMORY = 'killed by the kernel: its limit left it no memory';
/** A node that was ready this long has earned a fresh back-off, in ms. */
const STEADY_AFTER_MS = 10_000;
/** A node that ended this often without having been ready in between will not come up. */
const FAILED_STARTS_MAX = 4;

export interface KeeperTools {
  readonly runtime: Runtime;
  /** Told of everything that happens to the node. */
  onEvent(event: NodeEvent): void;
  /** Told before a started node counts as reachable, and as soon as it is gone. */
  onReachable(node: string, reachable: boolean): Promise<void>;
  /** A process exists that the session record has to know of. */
  onProcess(): void;
}

/** What is wanted of a node: `held` is down by a fault, `restarting` is down for a moment. */
type Wanted = 'running' | 'held' | 'restarting' | 'stopped';

/**
 * Keeps one node as it is wanted: starts it, restarts what ended by itself or failed its liveness probe, with back-off, and leaves
 * alone what a fault holds down or has paused.
 */
export class NodeKeeper {
  readonly node: PlannedNode;
  readonly #tools: KeeperTools;
  #wanted: Wanted = 'stopped';
  #state: NodeState = 'stopped';
  #options: StartOptions | undefined;
  #launching: Promise<void> | undefined;
  #running: RunningNode | undefined;
  #known: KnownProcess | undefined;
  #paused = false;
  #restarts = 0;
  #failedStarts = 0;
  #backoffMs: number;
  #readySince: number | undefined;
  /** It has said why starting it again would not help. */
  #hopeless = false;
  #restartTimer: NodeJS.Timeout | undefined;
  #endProbes = (): void => undefined;

  constructor(node: PlannedNode, tools: KeeperTools) {
    this.node = node;
    this.#tools = tools;
    this.#backoffMs = node.supervision.restartBackoffMs;
  }

  get name(): string {
    return this.node.name;
  }

  get state(): NodeState {
    return this.#state;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get running(): RunningNode | undefined {
    return this.#running;
  }

  /** Its process, as the session record knows it. */
  get known(): KnownProcess | undefined {
    return this.#known;
  }

  /** Whether it has been started with modules that are not the service's own. */
  get runsModules(): boolean {
    return Object.keys(this.#options?.seams ?? {}).length > 0;
  }

  /** Whether a fault keeps it from running. */
  get isHeld(): boolean {
    return this.#wanted === 'held' || this.#paused;
  }

  /** Whether it ended in a way that starting it again cannot mend, or again and again before it was ever ready. */
  get hopeless(): boolean {
    return this.#hopeless || this.#failedStarts >= FAILED_STARTS_MAX;
  }

  /** Starts the node and keeps it running from now on. Returns once its process exists. */
  async start(options: StartOptions): Promise<void> {
    clearTimeout(this.#restartTimer);
    this.#options = options;
    this.#wanted = 'running';
    this.#hopeless = false;
    this.#restarts = 0;
    this.#failedStarts = 0;
    this.#backoffMs = this.node.supervision.restartBackoffMs;
    await this.#launch();
  }

  async stop(graceMs?: number): Promise<void> {
    const running = await this.#want('stopped');
    await running?.stop(graceMs);
    this.#paused = false;
    this.#state = 'stopped';
  }

  /** A crash that lasts: the node stays down until `release`, also when it was down already. */
  async crash(): Promise<void> {
    const running = await this.#want('held');
    await running?.kill();
  }

  /** Ends what `crash` began. */
  async release(): Promise<void> {
    if (this.#wanted !== 'held') return;
    this.#wanted = 'running';
    await this.#launch();
  }

  /** SIGTERM, the grace, and a fresh start, unless somebody else wants it down meanwhile. */
  async restart(graceMs?: number): Promise<void> {
    this.#need();
    const running = await this.#want('restarting');
    await running?.stop(graceMs);
    if (this.#wanted !== 'restarting') return;
    this.#wanted = 'running';
    await this.#launch();
  }

  /** Freezes the present process: it keeps its connections and answers nothing. */
  async pause(): Promise<void> {
    const running = this.#need();
    this.#paused = true;
    this.#endProbes();
    await running.pause();
    if (this.#running !== running) return;
    this.#state = 'paused';
    this.#event('paused', 'SIGSTOP');
  }

  async resume(): Promise<void> {
    const running = this.#running;
    if (!this.#paused || running === undefined) return;
    if (running.ranWhilePaused?.() === true) this.#event('ran-while-paused', 'somebody else has sent it SIGCONT');
    await running.resume();
    if (this.#running !== running) return;
    this.#paused = false;
    this.#state = 'starting';
    this.#event('resumed', 'SIGCONT');
    this.#probe(running);
  }

  async armCrashPoint(point: string, skip: number): Promise<void> {
    await this.#need().armCrashPoint(point, skip);
  }

  async disarmCrashPoints(): Promise<void> {
    await this.#running?.disarmCrashPoints();
  }

  #need(): RunningNode {
    if (this.#running === undefined) throw new LabError('NODE_GONE', `${this.name} is not running.`);
    return this.#running;
  }

  /** From now on it is wanted otherwise than running. Gives the process to end, also one that is just being started. */
  async #want(wanted: Exclude<Wanted, 'running'>): Promise<RunningNode | undefined> {
    this.#wanted = wanted;
    clearTimeout(this.#restartTimer);
    await this.#launching?.catch(() => undefined);
    return this.#running;
  }

  async #launch(): Promise<void> {
    const options = this.#options;
    if (options === undefined || this.#running !== undefined) return;
    this.#launching ??= this.#startProcess(options).finally(() => {
      this.#launching = undefined;
    });
    await this.#launching;
  }

  async #startProcess(options: StartOptions): Promise<void> {
    this.#state = 'starting';
    const running = await this.#tools.runtime.start(this.node, options).catch(error => {
      this.#state = 'crashed';
      throw error;
    });
    this.#running = running;
    this.#known = knownProcess(running);
    this.#tools.onProcess();
    this.#event('started', `pid ${running.pid ?? running.container ?? '?'}`);
    running.onReport(report => this.#onReport(report));
    void running.exited.then(async exit => this.#onExit(exit));
    this.#probe(running);
  }

  #onReport(report: NodeReport): void {
    switch (report.type) {
      case 'crash-point':
        this.#event('crash-point', report.point);
        break;
      case 'seam-error': {
        this.#hopeless = true;
        const place = report.line === undefined ? report.file : `${report.file}:${report.line}`;
        this.#event('seam-error', `${report.seam}: ${report.message} (${place})`);
        break;
      }
      case 'exit-called':
        this.#event('exit-called', [`process.exit(${report.code})`, ...learnersFrames(report.stack)].join('\n'));
        break;
      case 'tampering':
        this.#event('tampering', report.what);
        break;
      case 'config-error':
        this.#hopeless = true;
        this.#event('exited', `configuration: ${report.message}`);
        break;
    }
  }

  async #onExit(exit: NodeExit): Promise<void> {
    this.#endProbes();
    const steady = this.#readySince !== undefined && Date.now() - this.#readySince > STEADY_AFTER_MS;
    if (steady) this.#backoffMs = this.node.supervision.restartBackoffMs;
    this.#running = undefined;
    this.#known = undefined;
    this.#readySince = undefined;
    this.#paused = false;
    this.#state = this.#wanted === 'stopped' ? 'stopped' : 'crashed';
    this.#event('exited', exitText(exit));
    // Before anything is awaited: who ends a node and starts it again must find the restart of this life decided upon.
    this.#restartLater(exit.how === 'crash-point');
    await this.#tools.onReachable(this.name, false);
  }

  #restartLater(isOrdered: boolean): void {
    if (this.#wanted !== 'running' || this.#hopeless) return;
    const {restartBackoffMs, restartBackoffMaxMs} = this.node.supervision;
    // A crash that the lab itself ordered is no sign of a node that cannot run.
    const waitMs = isOrdered ? restartBackoffMs : this.#backoffMs;
    if (!isOrdered) {
      this.#failedStarts += 1;
      this.#backoffMs = Math.min(this.#backoffMs * 2, restartBackoffMaxMs);
    }
    this.#restarts += 1;
    this.#event('restarting', `in ${waitMs} ms`);
    this.#restartTimer = setTimeout(() => {
      if (this.#wanted !== 'running') return;
      void this.#launch().catch(error => {
        this.#event('exited', `it could not be started: ${error instanceof Error ? error.message : String(error)}`);
        this.#restartLater(false);
      });
    }, waitMs);
  }

  #probe(running: RunningNode): void {
    this.#endProbes();
    this.#endProbes = probeNode(this.node, this.#tools.runtime, {
      onReady: async () => {
        await this.#tools.onReachable(this.name, true);
        if (this.#running !== running || this.#paused) return;
        this.#readySince = Date.now();
        this.#failedStarts = 0;
        this.#state = 'ready';
        this.#event('ready', `after ${Date.now() - running.startedAt} ms`);
      },
      onReadiness: status => {
        const isReady = status === 200;
        if (!isReady && this.#state === 'ready') this.#event('unready', `readiness answered ${status ?? 'nothing'}`);
        this.#state = isReady ? 'ready' : 'degraded';
      },
      onUnresponsive: failures => {
        this.#event('unresponsive', `liveness failed ${failures} times in a row`);
        void running.kill();
      },
    });
  }

  #event(type: NodeEvent['type'], detail: string): void {
    this.#tools.onEvent({at: Date.now(), node: this.name, type, detail});
  }
}

function knownProcess({name, pid}: RunningNode): KnownProcess | undefined {
  const startTime = pid === undefined ? undefined : processStartTime(pid);
  return pid === undefined || startTime === undefined ? undefined : {name, pid, startTime};
}

function exitText(exit: NodeExit): string {
  if (exit.how === 'crash-point') return `killed at ${exit.point ?? 'a crash point'}`;
  if (exit.outOfMemory === true) return OUT_OF_MEMORY;
  if (exit.how === 'exited')
    return exit.signal === null ? `exited with code ${exit.code ?? '?'}` : `ended by ${exit.signal}`;
  return exit.how;
}

/** The lines of a stack that are the learner's own: the rest is the service around them. */
function learnersFrames(stack: string): readonly string[] {
  return stack
    .split('\n')
    .filter(line => /^\s+at /.test(line) && !/node:|\/dist\/services\/|\/node_modules\//.test(line));
}
