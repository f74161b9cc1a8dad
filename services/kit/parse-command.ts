import {isOrderKind, toOrder} from './disturb/orders.ts';
import type {ControlCommand} from './environment.ts';

/** As it is before anybody could have replaced it. */
const parseJson = JSON.parse;

const POINTS: ReadonlySet<unknown> = new Set([
  'before_commit',
  'after_commit_before_publish',
  'before_publish',
  'after_publish',
  'before_step',
  'after_step',
  'before_ack',
]);

/** A command that is whole; undefined for any other line. */
export function parseCommand(line: string): ControlCommand | undefined {
  const value = parseObject(line);
  switch (value?.type) {
    case 'secret':
      return typeof value.secret === 'string' ? {type: 'secret', secret: value.secret} : undefined;
    case 'disarm':
      return {type: 'disarm'};
    case 'skew':
      return Number.isFinite(value.offsetMs) && Number.isFinite(value.drift) ? (value as ControlCommand) : undefined;
    case 'arm':
      return POINTS.has(value.point) && Number.isSafeInteger(value.skip) && Number(value.skip) >= 0
        ? (value as ControlCommand)
        : undefined;
    case 'disturb': {
      const order = toOrder(value.order);
      const {forMs} = value;
      if (order === undefined || (forMs !== null && !(typeof forMs === 'number' && forMs >= 0))) return undefined;
      return {type: 'disturb', order, forMs};
    }
    case 'calm':
    case 'count':
      return isOrderKind(value.kind) ? {type: value.type, kind: value.kind} : undefined;
    default:
      return undefined;
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parseJson(line);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
