import type {FaultRecord} from '../fault.ts';
import type {ActivityRun, Journal, JournalStatus, LoadPoint, SteadyState} from './journal.ts';

/** One line of a journal as it is written while the experiment runs. */
export type JournalEvent =
  | {readonly type: 'begin'; readonly journal: Journal}
  /** An action is about to be done: from now on there is something to roll back. */
  | {readonly type: 'doing'; readonly at: number; readonly activity: string}
  | {readonly type: 'steady-state'; readonly when: 'before' | 'during' | 'after'; readonly state: SteadyState}
  | {readonly type: 'activity'; readonly part: 'run' | 'rollbacks'; readonly run: ActivityRun}
  | {readonly type: 'fault'; readonly fault: FaultRecord}
  | {readonly type: 'load'; readonly points: readonly LoadPoint[]}
  | {
      readonly type: 'end';
      readonly at: number;
      readonly status: Exclude<JournalStatus, 'running'>;
      readonly deviated: boolean;
      readonly because: string;
    };

export interface JournalState {
  readonly journal: Journal;
  /** Whether any action of the method was begun. */
  readonly begun: boolean;
}

/** The journal after one more event. Undefined before the first. */
export function foldEvent(state: JournalState | undefined, event: JournalEvent): JournalState | undefined {
  if (event.type === 'begin') return {journal: event.journal, begun: false};
  if (state === undefined) return undefined;
  const {journal} = state;
  const withJournal = (change: Partial<Journal>): JournalState => ({...state, journal: {...journal, ...change}});
  switch (event.type) {
    case 'doing':
      return {...state, begun: true};
    case 'steady-state': {
      const {when, state: steady} = event;
      const states = journal.steady_states;
      return withJournal({
        steady_states:
          when === 'during' ? {...states, during: [...states.during, steady]} : {...states, [when]: steady},
      });
    }
    case 'activity':
      return withJournal({[event.part]: [...journal[event.part], event.run]});
    case 'fault': {
      const others = journal.faults.filter(({id}) => id !== event.fault.id);
      return withJournal({faults: [...others, event.fault].sort((a, b) => a.plannedAt - b.plannedAt)});
    }
    case 'load':
      return withJournal({load: event.points});
    case 'end': {
      const {at, status, deviated, because} = event;
      return withJournal({status, deviated, because, end: at, duration: at - journal.start});
    }
  }
}
