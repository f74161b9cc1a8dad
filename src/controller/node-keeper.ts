import {LabError} from '../errors.ts';
import type {NodeEvent} from '../labs/system.ts';
import type {NodeExit, NodeReport, RunningNode, Runtime, StartOptions} from '../runtime/runtime.ts';
import type {PlannedNode} from '../topology/plan.ts';
import {probeHttp, probePostgres} from './probe.ts';
import type {NodeState} from './protocol.ts';

/** While a node starts, it is asked this often whether it is ready, in ms. */
const STARTING_PROBE_EVERY_MS = 20;
/** A node that was ready this long has earned a fresh back-off, in ms. */
const STEADY_AFTER_MS = 10_000;
/** A node that ended this often without having been ready in between will not come up. */
const FAILED_STARTS_MAX = 4;

export interface KeeperTools {
  readonly runtime: Runtime;
  /** Told of every change of state and of everything that happens to the node. */
  onEvent(event: NodeEvent): void;
  /** Told before a started node counts as reachable, and as soon as it is gone. */
  onReachable(node: string, reachable: boolean): Promise<void>;
  /** A process exists that the session record has to know of. */
  onProcess(): void;
}

/**
 * Keeps one node as it is wanted: starts it, restarts what ended by itself or failed its liveness probe, with back-off, and leaves
 * alone what a fault holds down or has paused.
 */
export class NodeKeeper {
  readonly node: PlannedNode;
  readonly #tools: KeeperTools;
  #running: RunningNode | undefined;
  #options: StartOptions | undefined;
  #wanted: 'running' | 'held' | 'stopped' = 'stopped';
  #state: NodeState = 'stopped';
  #restarts = 0;
  #failedStarts = 0;
  #backoffMs: number;
  #readySince = 0;
  #paused = false;
  #timer: NodeJS.Timeout | undefined;
  /** A seam that cannot be loaded: restarting would not help. */
  #hopeless = false;
  /** Each life of the process has a number, so that what belongs to an earlier one is ignored. */
  #life = 0;

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

  /** Whether it ended in a way that starting it again cannot mend, or again and again before it was ever ready. */
  get hopeless(): boolean {
    return this.#hopeless || this.#failedStarts >= FAILED_STARTS_MAX;
  }

  /** Starts the node and keeps it running from now on. Returns once its process exists. */
  async start(options: StartOptions): Promise<void> {
    this.#options = options;
    this.#wanted = 'running';
    this.#hopeless = false;
    this.#restarts = 0;
    this.#failedStarts = 0;
    this.#backoffMs = this.node.supervision.restartBackoffMs;
    await this.#launch();
  }

  async stop(graceMs?: number): Promise<void> {
    this.#wanted = 'stopped';
    clearTimeout(this.#timer);
    this.#paused = false;
    const running = this.#running;
    if (running !== undefined) await running.stop(graceMs);
    this.#setState('stopped');
  }

  /** A crash that lasts: the node stays down until `release`, also when it was down already. */
  async crash(): Promise<void> {
    this.#wanted = 'held';
    clearTimeout(this.#timer);
    await this.#running?.kill();
  }

  /** Ends what `crash` began. */
  async release(): Promise<void> {
    if (this.#wanted !== 'held') return;
    this.#wanted = 'running';
    if (this.#running === undefined) await this.#launch();
  }

  /** SIGTERM, the grace, and a fresh start. */
  async restart(graceMs?: number): Promise<void> {
    const running = this.#need();
    this.#wanted = 'held';
    await running.stop(graceMs);
    await this.release();
  }

  /** Freezes the present process: it keeps its connections and answers nothing. */
  async pause(): Promise<void> {
    const running = this.#need();
    this.#paused = true;
    clearTimeout(this.#timer);
    await running.pause();
    this.#setState('paused');
    this.#event('paused', 'SIGSTOP');
  }

  async resume(): Promise<void> {
    const running = this.#running;
    if (!this.#paused || running === undefined) return;
    await running.resume();
    this.#paused = false;
    this.#setState('starting');
    this.#event('resumed', 'SIGCONT');
    this.#awaitReady(this.#life);
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

  async #launch(): Promise<void> {
    if (this.#options === undefined || this.#wanted !== 'running') return;
    this.#life += 1;
    const life = this.#life;
    this.#setState('starting');
    const running = await this.#tools.runtime.start(this.node, this.#options);
    this.#running = running;
    this.#tools.onProcess();
    this.#event('started', `pid ${running.pid ?? running.container ?? '?'}`);
    running.onReport(report => this.#onReport(report));
    void running.exited.then(async exit => this.#onExit(life, exit));
    this.#awaitReady(life);
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
        this.#event('exit-called', `process.exit(${report.code})\n${report.stack}`);
        break;
      case 'config-error':
        this.#hopeless = true;
        this.#event('exited', `configuration: ${report.message}`);
        break;
    }
  }

  async #onExit(life: number, exit: NodeExit): Promise<void> {
    if (life !== this.#life) return;
    clearTimeout(this.#timer);
    const steady = this.#readySince > 0 && Date.now() - this.#readySince > STEADY_AFTER_MS;
    this.#running = undefined;
    this.#readySince = 0;
    this.#paused = false;
    this.#setState(this.#wanted === 'stopped' ? 'stopped' : 'crashed');
    this.#event('exited', exitText(exit));
    await this.#tools.onReachable(this.name, false);
    if (this.#wanted !== 'running' || this.#hopeless) return;
    if (steady) this.#backoffMs = this.node.supervision.restartBackoffMs;
    // A crash that the lab itself ordered is no sign of a node that cannot run.
    const ordered = exit.how === 'crash-point';
    const waitMs = ordered ? this.node.supervision.restartBackoffMs : this.#backoffMs;
    if (!ordered) {
      this.#failedStarts += 1;
      this.#backoffMs = Math.min(this.#backoffMs * 2, this.node.supervision.restartBackoffMaxMs);
    }
    this.#restarts += 1;
    this.#event('restarting', `in ${waitMs} ms`);
    this.#timer = setTimeout(() => {
      if (this.#wanted === 'running' && this.#running === undefined) void this.#launch().catch(() => undefined);
    }, waitMs);
  }

  #awaitReady(life: number): void {
    clearTimeout(this.#timer);
    const look = async (): Promise<void> => {
      const ready = await this.#isReady();
      if (life !== this.#life || this.#running === undefined || this.#paused) return;
      if (!ready) {
        this.#timer = setTimeout(() => void look(), STARTING_PROBE_EVERY_MS);
        return;
      }
      await this.#tools.onReachable(this.name, true);
      this.#readySince = Date.now();
      this.#failedStarts = 0;
      this.#setState('ready');
      this.#event('ready', `after ${Date.now() - this.#running.startedAt} ms`);
      this.#watch(life, 0);
    };
    void look();
  }

  /** Liveness and readiness from now on. Databases have no liveness of their own here: their process is what is watched. */
  #watch(life: number, failed: number): void {
    const {probeEveryMs, probeTimeoutMs, failureThreshold} = this.node.supervision;
    this.#timer = setTimeout(async () => {
      if (this.node.kind !== 'service') return;
      const address = this.#tools.runtime.address(this.name);
      const [live, ready] = await Promise.all([
        probeHttp(address, '/livez', probeTimeoutMs),
        probeHttp(address, '/readyz', probeTimeoutMs),
      ]);
      const running = this.#running;
      if (life !== this.#life || running === undefined || this.#paused || this.#wanted !== 'running') return;
      const failures = live === 200 ? 0 : failed + 1;
      if (failures >= failureThreshold) {
        this.#event('unresponsive', `liveness failed ${failures} times in a row`);
        await running.kill();
        return;
      }
      const degraded = ready !== 200;
      if (degraded && this.#state === 'ready') this.#event('unready', `readiness answered ${ready ?? 'nothing'}`);
      this.#setState(degraded ? 'degraded' : 'ready');
      this.#watch(life, failures);
    }, probeEveryMs);
    this.#timer.unref();
  }

  async #isReady(): Promise<boolean> {
    const {runtime} = this.#tools;
    if (this.node.kind === 'service') return (await probeHttp(runtime.address(this.name), '/readyz', 2_000)) === 200;
    return probePostgres(runtime.postgres(this.name), 2_000);
  }

  #setState(state: NodeState): void {
    this.#state = state;
  }

  #event(type: NodeEvent['type'], detail: string): void {
    this.#tools.onEvent({at: Date.now(), node: this.name, type, detail});
  }
}

function exitText(exit: NodeExit): string {
  if (exit.how === 'crash-point') return `killed at ${exit.point ?? 'a crash point'}`;
  if (exit.how === 'exited')
    return exit.signal === null ? `exited with code ${exit.code ?? '?'}` : `ended by ${exit.signal}`;
  return exit.how;
}
