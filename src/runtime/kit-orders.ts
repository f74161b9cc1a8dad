import type {Disturbance, KitKind} from './disturbance.ts';

type ByKit = Extract<Disturbance, {readonly kind: 'skew' | KitKind}>;

/** The command, as `services/kit/environment.ts` defines it, that puts a disturbance in force. It says how long, since clocks differ. */
export function orderOf(disturbance: ByKit, now: number): object {
  if (disturbance.kind === 'skew') {
    const {offsetMs, drift} = disturbance;
    return {type: 'skew', offsetMs, drift};
  }
  const {endsAt, ...order} = disturbance;
  return {type: 'disturb', order, forMs: endsAt === null ? null : Math.max(0, endsAt - now)};
}

/** The command that ends it. */
export function calmOrder(kind: KitKind | 'skew'): object {
  return kind === 'skew' ? {type: 'skew', offsetMs: 0, drift: 0} : {type: 'calm', kind};
}
