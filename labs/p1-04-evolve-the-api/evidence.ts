import type {Evidence} from '../../src/labs/lab.ts';
import type {Exchange, Incident, Stage} from './clients.ts';

export interface Setup {
  /** Profiles that were there before anybody thought of a rename: id to name. */
  readonly seeded: ReadonlyMap<string, string>;
  readonly incidents: Incident[];
  readonly rounds: {old: number; new: number};
  readonly recorded: Exchange[];
  readonly failures: {readonly stage: Stage; readonly reason: string}[];
  /** Today's release as it ran before the first step: columns of its table, and what it answers to the new API. */
  readonly today: {columns: readonly string[]; newApi: number | null};
  /** How far the rollout came. */
  readonly stages: string[];
}

export interface Final {
  readonly incidents: readonly Incident[];
  readonly failures: Setup['failures'];
  readonly rounds: Setup['rounds'];
  readonly stages: readonly string[];
  readonly today: Setup['today'];
  readonly recorded: readonly Exchange[];
  /** Columns of the table in the end. */
  readonly columns: readonly string[];
}

export type Run = Evidence<Setup, Final>;
