import {SYSTEM_CLOCK} from '../../faults/experiments/clock.ts';
import {requestHttp} from '../../faults/experiments/http-provider.ts';
import type {JournalEvent} from '../../faults/experiments/journal-events.ts';
import type {RunnerPorts, SystemPort} from '../../faults/experiments/ports.ts';
import {runProgram} from '../../faults/experiments/process-provider.ts';
import {readLedger} from '../../load/ledger.ts';
import type {Context} from '../context.ts';
import {seconds} from '../output/figures.ts';

export interface PortParts {
  readonly system: SystemPort | undefined;
  readonly write: (event: JournalEvent) => Promise<void>;
  /** Says each activity as it ends. Default: true. */
  readonly talks?: boolean;
}

/** What a run works with, here: real requests, programs and time, and the terminal for its progress. */
export function runnerPorts(context: Context, {system, write, talks = true}: PortParts): RunnerPorts {
  return {
    clock: SYSTEM_CLOCK,
    http: requestHttp,
    process: runProgram,
    system,
    ledger: readLedger,
    write: async event => {
      await write(event);
      if (talks) for (const line of eventLines(event)) context.say(line);
    },
    // Lines that cannot be drawn again say what goes on, and not every second how long it still does.
    progress: ({text, leftMs = 0, share}) => {
      if (talks || context.updates)
        context.progress.step(context.updates && leftMs > 0 ? `${text}; ${seconds(leftMs)} left` : text, share);
    },
  };
}

function eventLines(event: JournalEvent): readonly string[] {
  if (event.type === 'steady-state' && event.when !== 'during')
    return [`${event.when} the method: the hypothesis ${event.state.steady_state_met ? 'holds' : 'does not hold'}`];
  if (event.type !== 'activity') return [];
  const {activity, status, duration, exception, tolerance_met: met} = event.run;
  const how = status === 'succeeded' ? (met === false ? 'not as wanted' : 'done') : status;
  return [
    `${activity.type} ${activity.name}: ${how} (${seconds(duration)})${exception === undefined ? '' : `: ${exception}`}`,
  ];
}
