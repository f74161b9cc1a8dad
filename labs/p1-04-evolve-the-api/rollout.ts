import type {LabTools} from '../../src/labs/lab.ts';
import type {Stage} from './clients.ts';

/** What runs today has no name; in texts it is called that. */
export const TODAY = '';

interface Step {
  readonly node: 'own-1' | 'own-2';
  readonly release: string;
  readonly goingBack?: boolean;
  /** From here on every replica knows the new API. */
  readonly newClients?: boolean;
  /** There was this stage before. */
  readonly again?: boolean;
}

/** One replica after the other, forward and back: a rollout of which nobody knows in advance whether it holds. */
const STEPS: readonly Step[] = [
  {node: 'own-1', release: 'add'},
  {node: 'own-1', release: TODAY, goingBack: true},
  {node: 'own-1', release: 'add', again: true},
  {node: 'own-2', release: 'add', newClients: true},
  {node: 'own-1', release: 'migrate'},
  {node: 'own-2', release: 'migrate'},
  {node: 'own-1', release: 'add', goingBack: true},
  {node: 'own-1', release: 'migrate', again: true},
  {node: 'own-2', release: 'remove'},
  {node: 'own-1', release: 'remove'},
];
/** How long clients see a stage, ms. */
const DWELL_MS = 1_100;
/** Of a stage that there was before. */
const BRIEF_MS = 200;

export interface RolloutWatch {
  onStage(stage: Stage): void;
  onNewClients(): void;
  /** A release that did not become ready: what it was, and why. */
  onFailure(stage: Stage, reason: string): void;
}

/** Rolls the releases out. Ends early when one does not start, as nothing can come after it, and before the next one when it is cut. */
export async function rollOut(
  tools: Pick<LabTools, 'releaseNode'>,
  watch: RolloutWatch,
  cut: AbortSignal,
): Promise<void> {
  const running = new Map([
    ['own-1', TODAY],
    ['own-2', TODAY],
  ]);
  const name = (): string =>
    [...running].map(([node, release]) => `${node} ${release === TODAY ? 'today' : release}`).join(', ');
  watch.onStage({name: name(), goingBack: false});
  await pause(BRIEF_MS);
  for (const {node, release, goingBack = false, newClients = false, again = false} of STEPS) {
    if (cut.aborted) return;
    running.set(node, release);
    const stage = {name: name(), goingBack};
    watch.onStage(stage);
    try {
      await tools.releaseNode(node, release);
    } catch (error) {
      watch.onFailure(stage, error instanceof Error ? error.message : String(error));
      return;
    }
    if (newClients) watch.onNewClients();
    await pause(again ? BRIEF_MS : DWELL_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
