import type {Evidence} from '../lab.ts';
import type {Attack} from './attack.ts';
import {type Baseline, requestsSince} from './baseline.ts';
import type {RunContext} from './context.ts';
import type {Healed} from './heal.ts';
import type {Replay} from './replay.ts';

export interface Seen {
  readonly setup: unknown;
  readonly baseline: Baseline;
  readonly attack: Pick<Attack, 'from' | 'to' | 'entries' | 'control'>;
  readonly healed: Pick<Healed, 'healedAt' | 'recoveredAt'>;
  readonly replay?: Pick<Replay, 'entries'> | undefined;
  /** Whether the machine was busy in any phase. */
  readonly busy: boolean;
  readonly final: unknown;
}

/** What judges are given: all that was seen of a run up to now. */
export async function evidenceOf(
  context: RunContext,
  {setup, baseline, attack, healed, replay, busy, final}: Seen,
): Promise<Evidence<unknown, unknown>> {
  const {system, seed} = context;
  return {
    seed,
    setup,
    baseline: baseline.entries,
    attack: attack.entries,
    replay: replay?.entries ?? [],
    faults: system.faults().filter(fault => fault.plannedAt >= attack.from),
    requests: await requestsSince(context, attack.from),
    baselineRequests: baseline.requests,
    events: system.events(baseline.from),
    times: {
      baselineFrom: baseline.from,
      attackFrom: attack.from,
      attackTo: attack.to,
      healedAt: healed.healedAt,
      recoveredAt: healed.recoveredAt,
      endedAt: Date.now(),
    },
    control: {baseline: baseline.control, attack: attack.control, busy},
    final,
  };
}
