import type {ControlChannel} from './control-channel.ts';
import type {CrashPoint} from './environment.ts';

/** The named points where a service can be told to kill itself. */
export interface CrashPoints {
  /** From now on the (`skip` + 1)th time that the process comes past `point` is its last. */
  arm(point: CrashPoint, skip: number): void;
  disarm(): void;
  /** The kit comes past a point. Returns unless it is armed and due. */
  hit(point: CrashPoint): void;
}

/** `die` ends the process without letting it finish anything; the hit is reported before. */
export function createCrashPoints(channel: Pick<ControlChannel, 'report'>, die: () => void = killSelf): CrashPoints {
  const left = new Map<CrashPoint, number>();
  return {
    arm(point, skip) {
      left.set(point, skip);
      channel.report({type: 'armed', point});
    },
    disarm() {
      left.clear();
      channel.report({type: 'disarmed'});
    },
    hit(point) {
      const skips = left.get(point);
      if (skips === undefined) return;
      if (skips > 0) {
        left.set(point, skips - 1);
        return;
      }
      channel.report({type: 'crash-point', point, at: Date.now()});
      die();
    },
  };
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
