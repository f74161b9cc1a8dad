import type {Order, OrderKind, OrderState} from './disturb/orders.ts';

/**
 * The environment of a service process: the contract between whoever starts a service (the lab, a container engine, a person) and the
 * kit. All of it is validated at start; a wrong value ends the process with exit code 78 and a sentence.
 *
 * | variable | meaning |
 * | --- | --- |
 * | `NODE_NAME` | this instance, `identity-1` (default: the service's name) |
 * | `HOST`, `PORT` | where to listen (default 127.0.0.1, 8080); a host that begins with `/` is the path of a unix socket, which has no port |
 * | `DATABASE_URL` | the service's own Postgres, through its link |
 * | `OTHER_DATABASES` | JSON, node to URL: databases of others that this service is linked to |
 * | `DATABASE_POOL_MAX` | connections to it at most (default 10) |
 * | `BROKER_URL` | `postgres://…` or `nats://user:password@host:port` of the broker, through its link |
 * | `DATABASE_NODE`, `BROKER_NODE` | what these links lead to, for the names of spans (default `database`, `broker`) |
 * | `LINKS` | JSON, callee service to its instances: `{"identity":[{"node":"identity-1","url":"http://127.0.0.1:21001"}]}`; `unix:/path` is one, too |
 * | `SEAMS` | JSON, seam name to the file of a built module that replaces the default |
 * | `PROFILE` | `lab` or `production` (default): the lab profile hashes passwords with scrypt N 2^13 instead of 2^17 |
 * | `SESSION_SECRET` | random per session; seals what one service stores for itself |
 * | `LOG_LEVEL` | pino's levels (default info) |
 * | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://host:port` of a collector that takes OTLP/HTTP as JSON (default: nothing is recorded) |
 * | `OTEL_EXPORTER_OTLP_HEADERS` | headers for it, `name=value,name=value`, values percent-encoded |
 * | `CONTROL_FD` | a file descriptor that carries the control channel, or `stdio`: commands on stdin, reports on stderr, each a line that begins with RS (0x1e). The process ends at its end of file |
 * | `MODULES` | of a process of modules: which of `accounts`, `quotas`, `activity`, `alerts` it runs, separated by commas (default: all) |
 * | `SIDECAR` | of a sidecar: beside what it stands, whom it hears and what it reaches (`services/sidecar/settings.ts`) |
 * | `TLS_KEY`, `TLS_CERT`, `TLS_CA` | of a sidecar: its identity and whose word counts, PEM |
 * | `RELEASE` | which release of the service this is, where several are rolled out: `v2` (default: none) |
 * | `SETTINGS_FOLDER` | where the settings that were in force last are kept, for a start without the broker (default: nowhere) |
 * | `CODE_CACHE` | folder for compiled code, which makes the next start faster (default: none is kept) |
 */
export const ENVIRONMENT = [
  'NODE_NAME',
  'HOST',
  'PORT',
  'DATABASE_URL',
  'OTHER_DATABASES',
  'DATABASE_POOL_MAX',
  'BROKER_URL',
  'DATABASE_NODE',
  'BROKER_NODE',
  'LINKS',
  'SEAMS',
  'PROFILE',
  'SESSION_SECRET',
  'LOG_LEVEL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'CONTROL_FD',
  'MODULES',
  'SIDECAR',
  'TLS_KEY',
  'TLS_CERT',
  'TLS_CA',
  'RELEASE',
  'SETTINGS_FOLDER',
  'CODE_CACHE',
] as const;

/** Control channel: JSON objects, one a line. What a supervisor may tell a node. */
export type ControlCommand =
  /** The first of all: what a hit is reported with, so that no code that is loaded later can report one. */
  | {readonly type: 'secret'; readonly secret: string}
  | {readonly type: 'arm'; readonly point: CrashPoint; readonly skip: number}
  | {readonly type: 'disarm'}
  /** The wall clock is off by `offsetMs` from now on, and gains `drift` ms with every ms; zeros make it right again. */
  | {readonly type: 'skew'; readonly offsetMs: number; readonly drift: number}
  /** Carries an order out, in the place of one of its kind, for `forMs`; null: until it is told otherwise. */
  | {readonly type: 'disturb'; readonly order: Order; readonly forMs: number | null}
  /** Ends what is in force of this kind. */
  | {readonly type: 'calm'; readonly kind: OrderKind}
  /** Asks what has come of the last order of this kind. */
  | {readonly type: 'count'; readonly kind: OrderKind};

/** Control channel: what a node tells its supervisor. Hits are written synchronously, before the process kills itself. */
export type ControlReport =
  | {readonly type: 'armed'; readonly point: CrashPoint}
  | {readonly type: 'disarmed'}
  | {readonly type: 'skewed'}
  /** The answer to `disturb`, `calm` and `count`: how it stands after them. */
  | ({readonly type: 'counted'; readonly kind: OrderKind} & OrderState)
  /** `at` is the machine's own time, also where the clock is skewed. On the line goes the supervisor's secret, too. */
  | {readonly type: 'crash-point'; readonly point: CrashPoint; readonly at: number}
  | {
      readonly type: 'seam-error';
      readonly seam: string;
      readonly file: string;
      readonly line?: number;
      readonly message: string;
    }
  | {readonly type: 'exit-called'; readonly code: number; readonly stack: string}
  | {readonly type: 'config-error'; readonly message: string}
  /** A module tried what no module of a lab needs: `process.kill`. */
  | {readonly type: 'tampering'; readonly what: string};

/**
 * Named points in the kit's own commit, publish and acknowledge, where code behind a seam cannot remove them. Armed by name and
 * count, the process kills itself (SIGKILL) exactly there.
 *
 * - `before_commit`: the transaction's work is done, COMMIT has not been sent
 * - `after_commit_before_publish`: COMMIT has returned to the kit, and not yet to the code that asked for it
 * - `before_publish`: publish was called, nothing has been sent to the broker
 * - `after_publish`: the broker has the message, its acknowledgement has not been handed to the code that published
 * - `before_step`: a step of a saga was called, nothing of it is done
 * - `after_step`: the step is done, which has not been told to the saga
 * - `before_ack`: a consumer's effect is done, its acknowledgement has not been sent
 */
export type CrashPoint =
  | 'before_commit'
  | 'after_commit_before_publish'
  | 'before_publish'
  | 'after_publish'
  | 'before_step'
  | 'after_step'
  | 'before_ack';
