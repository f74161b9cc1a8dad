import {LOOPBACK} from './ports.ts';

/** How a data folder is made. The name of the template depends on it: changing it makes a new template. */
export const INITDB_ARGS = [
  '--username=teralab',
  // Nobody gets in before `HBA` is in place.
  '--auth=reject',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--wal-segsize=4',
  '--no-instructions',
  // The template is thrown away and made again when the machine crashes over it.
  '--no-sync',
] as const;

/** The superuser has no password, so that this lets in only the role whose password is set anew in each session. */
export const HBA = `host all all ${LOOPBACK}/32 scram-sha-256\n`;

/** Where a server listens. */
export interface PostgresPlaces {
  readonly listen_addresses: string;
  readonly unix_socket_directories?: string;
}

const ON_LOOPBACK: PostgresPlaces = {listen_addresses: LOOPBACK, unix_socket_directories: ''};
/** In a container: its network is the session's alone, and its entry point uses the socket of the image. */
export const IN_CONTAINER: PostgresPlaces = {listen_addresses: '*'};

/** Given at each start rather than kept in the data folder, which outlives versions of teralab. Durable, and otherwise small. */
const SETTINGS = {
  // A node's pools (ten to its database; five for the broker and for each space) may all be full at once, on four replicas and more.
  max_connections: 200,
  superuser_reserved_connections: 0,
  shared_buffers: '16MB',
  huge_pages: 'off',
  fsync: 'on',
  wal_level: 'minimal',
  max_wal_senders: 0,
  min_wal_size: '32MB',
  max_wal_size: '128MB',
  // Processes that a database of this size does not need.
  io_method: 'sync',
  max_worker_processes: 2,
  max_parallel_workers: 0,
  max_logical_replication_workers: 0,
  autovacuum_worker_slots: 1,
  autovacuum_max_workers: 1,
  autovacuum_naptime: '30s',
  jit: 'off',
  track_activities: 'on',
  logging_collector: 'off',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  // Passwords are 24 random bytes: there is nothing to guess that many iterations would make slow, and each connection pays for them.
  scram_iterations: 1,
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const;

export function settingsArgs(places: PostgresPlaces = ON_LOOPBACK): readonly string[] {
  return Object.entries({...SETTINGS, ...places}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Role and database of a Postgres node, after the service that owns it: `identity` for `identity-db`. */
export function roleOf(node: string): string {
  return node.replace(/-db$/, '').replaceAll('-', '_');
}
