import {fileURLToPath} from 'node:url';
import {bundleService, type ServiceProcess, spawnService} from '../../services/kit/testing/process.ts';
import {createRandom, type Random} from '../../src/random.ts';

/** Two replicas of stream as processes of their own, which a supervisor starts again when they die. */
export interface StreamReplicas extends AsyncDisposable {
  /** Base URL of a replica; waits until it is ready. */
  url(index: number): Promise<string>;
  /** Kills one of them exactly at a drawn point, after a drawn number of passes, and starts it again; returns when it is ready. */
  killOne(points: readonly ['before_commit' | 'after_commit_before_publish' | 'before_ack', ...Point[]]): Promise<void>;
  readonly kills: number;
}
type Point = 'before_commit' | 'after_commit_before_publish' | 'before_ack';

/** One that does not come past its point within this time (ms) has nothing to do there. */
const HIT_WITHIN_MS = 1_500;

export async function startStreamReplicas(
  env: {readonly DATABASE_URL: string; readonly BROKER_URL: string; readonly LINKS: string},
  seed: number,
): Promise<StreamReplicas> {
  const random: Random = createRandom(seed, 'kills');
  const bundled = await bundleService(fileURLToPath(new URL('../../services/stream/main.ts', import.meta.url)));
  const start = (index: number): ServiceProcess =>
    spawnService(bundled.file, {NODE_NAME: `stream-${index + 1}`, LOG_LEVEL: 'info', ...env});
  const replicas = [start(0), start(1)];
  await Promise.all(replicas.map(replica => replica.url()));
  let kills = 0;
  return {
    url: async index => (replicas[index] as ServiceProcess).url(),
    get kills() {
      return kills;
    },
    async killOne(points) {
      const index = random.integer(0, replicas.length - 1);
      const replica = replicas[index] as ServiceProcess;
      replica.tell({type: 'arm', point: random.pick(points), skip: random.integer(0, 3)});
      const hit = await Promise.race([replica.exited.then(() => true), later(HIT_WITHIN_MS)]);
      if (!hit) {
        replica.tell({type: 'disarm'});
        return;
      }
      kills += 1;
      replicas[index] = start(index);
      await (replicas[index] as ServiceProcess).url();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(replicas.map(replica => replica[Symbol.asyncDispose]()));
      await bundled.remove();
    },
  };
}

function later(ms: number): Promise<false> {
  return new Promise(resolve => setTimeout(() => resolve(false), ms));
}
