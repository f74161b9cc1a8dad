import type {SignedIn} from '../../src/labs/accounts.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import type {Watch} from './watch.ts';

export type Setup = {
  /** Accounts of the time before identity published events. */
  readonly old: readonly string[];
  readonly people: readonly SignedIn[];
  readonly watch: Watch;
};

export type Final = {
  /** Names as identity has them, by account. */
  readonly source: Readonly<Record<string, string>>;
  /** Names as stream's pages give them, each asked for twice; null: it had none. */
  readonly copies: readonly Readonly<Record<string, string | null>>[];
  /** What of identity's database stream's role could read. */
  readonly readable: readonly string[];
};

export type Run = Evidence<Setup, Final>;

export function mostSessions({setup: {watch}}: Run): number {
  return Math.max(0, ...watch.sessions.map(({count}) => count));
}

export interface Difference {
  readonly account: string;
  readonly copy: string | null;
  readonly source: string | undefined;
}

export function differing(
  source: Final['source'],
  copy: Readonly<Record<string, string | null>>,
): readonly Difference[] {
  return Object.entries(copy)
    .filter(([account, name]) => source[account] !== name)
    .map(([account, name]) => ({account, copy: name, source: source[account]}));
}
