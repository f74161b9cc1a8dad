import type {FaultRequest} from '../faults/fault.ts';

export type Motion = 'up' | 'down' | 'page-up' | 'page-down' | 'home' | 'end';

/** Changes of the screen alone; the reducer does them. */
export type ViewAction =
  | {readonly do: 'tab'; readonly back: boolean}
  | {readonly do: 'move'; readonly motion: Motion}
  | {readonly do: 'show'; readonly page: 'brief' | 'result' | 'trail' | 'faults' | 'nodes' | 'keys'}
  | {readonly do: 'show-task'; readonly index: number}
  | {readonly do: 'choose-target'; readonly fault: number}
  | {readonly do: 'back'}
  | {readonly do: 'zoom'}
  | {readonly do: 'find'}
  | {readonly do: 'find-text'; readonly text: string}
  | {readonly do: 'find-done'; readonly keep: boolean}
  | {readonly do: 'ask'; readonly what: 'quit' | 'stop-run' | 'reset' | 'reveal'}
  | {readonly do: 'dismiss'}
  /** A key for the question that is asked. */
  | {readonly do: 'predict-key'; readonly key: string};

/** What reaches out of the screen; `perform.ts` does it. */
export type WorkAction =
  | {readonly do: 'enter'}
  /** `quietly`: the keys stay with the pane that they are with. */
  | {readonly do: 'open-lab'; readonly lab: string; readonly quietly?: boolean}
  | {readonly do: 'step'; readonly by: 1 | -1}
  | {readonly do: 'check' | 'break' | 'stop-run' | 'hint' | 'debrief' | 'reset' | 'edit' | 'bring-up'}
  | {readonly do: 'solution'; readonly reveal: boolean}
  /** Seals this answer to the question that is asked. */
  | {readonly do: 'predict'; readonly answer: string}
  | {readonly do: 'tail'; readonly node: string}
  | {readonly do: 'inject'; readonly request: Omit<FaultRequest, 'seed'>}
  | {readonly do: 'clear'; readonly id: string | undefined}
  | {readonly do: 'leave'; readonly exit: number; readonly keepSystem: boolean};

export type Action = ViewAction | WorkAction;
