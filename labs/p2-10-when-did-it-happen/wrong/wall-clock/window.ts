import type {CreateWindows} from 'teralab/stream/seams/window';

interface State {
  readonly now: number | null;
}

/** A window is over some time after its end, by the clock on the wall. */
export const createWindows: CreateWindows<State> = ({disorderMs, latenessMs}) => ({
  begin: () => ({now: null}),
  add(_state, {at, arrivedAt}) {
    const isLate = at < arrivedAt - disorderMs - latenessMs;
    return {state: {now: arrivedAt}, countAt: isLate ? null : at};
  },
  rest: (_state, {now}) => ({now}),
  clock: ({now}) => (now === null ? null : now - disorderMs),
});
