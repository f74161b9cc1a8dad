import {compareEffects, type EffectsDifference} from '../../src/checkers/effects.ts';
import {jsonObject} from '../../src/labs/accounts.ts';
import type {Evidence, LabTools} from '../../src/labs/lab.ts';

export type Final = {
  /** Ids of the accounts that are committed in identity-db. */
  readonly committed: readonly string[];
  /** What stream made of the events: how many effects each account had there. */
  readonly effects: Readonly<Record<string, number>>;
  /** Messages that stream has not worked off. */
  readonly lag: number;
};

export type Run = Evidence<undefined, Final>;

/** While accounts are being made: what has taken effect by now has its account in what is read after it. */
export async function readEffectsFirst(tools: LabTools): Promise<Final> {
  const registered = await readEffects(tools);
  const accounts = await readAccounts(tools);
  return {committed: accounts, effects: registered, lag: 0};
}

export async function readFinal(tools: LabTools): Promise<Final> {
  const [committed, effects, broker] = await Promise.all([readAccounts(tools), readEffects(tools), tools.broker()]);
  const lag = await broker.lag('identity.events');
  return {committed, effects, lag: lag.reduce((sum, part) => sum + part.lag, 0)};
}

async function readAccounts(tools: LabTools): Promise<readonly string[]> {
  return (await tools.sql<{id: string}>('identity-db', 'select id from accounts')).map(({id}) => id);
}

async function readEffects(tools: LabTools): Promise<Readonly<Record<string, number>>> {
  const registered = await tools.sql<{account: string; effects: number}>(
    'stream-db',
    'select account, count(*)::int as effects from registrations group by account',
  );
  return Object.fromEntries(registered.map(({account, effects}) => [account, effects]));
}

export function compare({committed, effects}: Final): EffectsDifference {
  return compareEffects(
    committed,
    Object.entries(effects).flatMap(([account, count]) => Array.from({length: count}, () => account)),
  );
}

export function counts({committed, effects, lag}: Final): string[] {
  return [
    `identity-db: ${committed.length} accounts; stream-db: ${Object.values(effects).reduce((sum, count) => sum + count, 0)} registrations of ${Object.keys(effects).length} accounts; broker: lag ${lag}`,
  ];
}

export function effectsOf({effects}: Final, account: string): number {
  return effects[account] ?? 0;
}

export function accountOf(body: string | undefined): string | undefined {
  const id = jsonObject(body)?.id;
  return typeof id === 'string' ? id : undefined;
}
