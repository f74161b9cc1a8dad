/** One line of a node's log, whoever wrote it: pino (JSON) in services, Postgres in databases, NATS. */
export interface LogLine {
  readonly node: string;
  /** Unix ms; null where the line has no time of its own. */
  readonly time: number | null;
  /** debug, info, warn, error, fatal; null where the line has none. */
  readonly level: string | null;
  readonly message: string;
  /** What else a structured line said. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const PINO_LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const POSTGRES_LEVELS: Readonly<Record<string, string>> = {
  LOG: 'info',
  INFO: 'info',
  NOTICE: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
  PANIC: 'fatal',
  DETAIL: 'info',
  HINT: 'info',
  STATEMENT: 'info',
  CONTEXT: 'info',
};
/** Said by every line of a node, so of no use in each. */
const DULL_FACTS = ['pid', 'hostname', 'name', 'node', 'service', 'v'];

export function parseLogLine(node: string, raw: string): LogLine {
  return (
    pinoLine(node, raw) ??
    postgresLine(node, raw) ??
    natsLine(node, raw) ?? {node, time: null, level: null, message: raw, facts: {}}
  );
}

const NATS_LEVELS: Readonly<Record<string, string>> = {
  DBG: 'debug',
  INF: 'info',
  WRN: 'warn',
  ERR: 'error',
  FTL: 'fatal',
};

/** `[15914] 2026/11/27 03:33:53.969783 [INF] Server is ready`, in the time zone of the machine. */
function natsLine(node: string, raw: string): LogLine | undefined {
  const match = /^\[\d+\] (\d{4})\/(\d\d)\/(\d\d) ([\d:.]+) \[(\w{3})\] *(.*)$/.exec(raw);
  if (match === null) return undefined;
  const [, year, month, day, clock, level = '', message = ''] = match;
  const time = Date.parse(`${year}-${month}-${day}T${clock}`);
  return {node, time: Number.isFinite(time) ? time : null, level: NATS_LEVELS[level] ?? null, message, facts: {}};
}

function pinoLine(node: string, raw: string): LogLine | undefined {
  if (!raw.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const {level, time, msg, ...rest} = value as Record<string, unknown>;
  const when = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) : Number.NaN;
  const facts = Object.fromEntries(Object.entries(rest).filter(([name]) => !DULL_FACTS.includes(name)));
  return {
    node,
    time: Number.isFinite(when) ? when : null,
    level: typeof level === 'number' ? (PINO_LEVELS[level] ?? String(level)) : typeof level === 'string' ? level : null,
    message: typeof msg === 'string' ? msg : '',
    facts,
  };
}

/** `2026-01-31 10:00:00.123 UTC [4711] LOG:  database system is ready to accept connections`. */
function postgresLine(node: string, raw: string): LogLine | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) (?:UTC|GMT) \[\d+\] (?:\S+ )?([A-Z]+): +(.*)$/.exec(raw);
  if (match === null) return undefined;
  const [, day = '', clock = '', level = '', message = ''] = match;
  const time = Date.parse(`${day}T${clock}Z`);
  return {
    node,
    time: Number.isFinite(time) ? time : null,
    level: POSTGRES_LEVELS[level] ?? level.toLowerCase(),
    message,
    facts: {},
  };
}
