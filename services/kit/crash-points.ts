import type {ControlChannel} from './control-channel.ts';
import type {CrashPoint} from './environment.ts';
import {endSelf} from './own-end.ts';

/** As it is before anybody could have replaced it. */
const now = Date.now;

/** The named points where a service can be told to kill itself. */
export interface CrashPoints {
  /** From now on the (`skip` + 1)th time that the process comes past `point` is its last. */
  arm(point: CrashPoint, skip: number): void;
  disarm(): void;
  /** The kit comes past a point. Returns unless it is armed and due. */
  hit(point: CrashPoint): void;
}

/** `die` ends the process without letting it finish anything; the hit is reported before. */
export function createCrashPoints(channel: Pick<ControlChannel, 'report'>, die: () => void = endSelf): CrashPoints {
  // No Map: its methods can be replaced, and then a point would be passed unharmed, or hit where nothing happens.
  let left: Partial<Record<CrashPoint, number>> = Object.create(null);
  return {
    arm(point, skip) {
      left[point] = skip;
      channel.report({type: 'armed', point});
    },
    disarm() {
      left = Object.create(null);
      channel.report({type: 'disarmed'});
    },
    hit(point) {
      const skips = left[point];
      if (skips === undefined) return;
      if (skips > 0) {
        left[point] = skips - 1;
        return;
      }
      channel.report({type: 'crash-point', point, at: now()});
      die();
    },
  };
}
