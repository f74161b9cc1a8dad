/** Exit codes of the command line; `teralab help exit-codes` prints them. */
export const EXIT = {ok: 0, fail: 1, usage: 2, inconclusive: 3, environment: 4, internal: 5, interrupted: 130} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface ErrorKind {
  readonly exit: ExitCode;
  /** One sentence: what to do. */
  readonly fix: string;
}

/** Every error that teralab can report, with its exit code and what to do about it. Anything else thrown is our bug. */
export const ERRORS = {
  USAGE: {exit: EXIT.usage, fix: 'Run the command with `--help` to see what it takes.'},
  UNKNOWN_COMMAND: {exit: EXIT.usage, fix: '`teralab help` lists the commands.'},
  UNKNOWN_LAB: {exit: EXIT.usage, fix: '`teralab labs` lists the labs.'},
  UNKNOWN_TASK: {exit: EXIT.usage, fix: '`teralab lab <id>` lists the tasks of a lab.'},
  PREDICTION_NEEDED: {exit: EXIT.usage, fix: 'Give your answer with `--predict ANSWER`; a wrong one blocks nothing.'},
  BAD_PREDICTION: {exit: EXIT.usage, fix: 'Answer as in `--predict 2`, `--predict 1,3` or `--predict 120..180`.'},
  BAD_CODE: {exit: EXIT.usage, fix: 'Copy the whole code again, from `tl` to the last character.'},
  PREDICTION_SEALED: {
    exit: EXIT.usage,
    fix: 'Run it: `teralab break <lab>` or `teralab check <lab>` tells how it came out.',
  },
  UNKNOWN_TARGET: {exit: EXIT.usage, fix: '`teralab status` lists the nodes and links.'},
  UNKNOWN_NODE: {exit: EXIT.usage, fix: '`teralab status` lists the nodes.'},
  UNKNOWN_FAULT: {
    exit: EXIT.usage,
    fix: '`teralab chaos kinds` lists the faults; `teralab chaos list` those in force.',
  },
  UNKNOWN_RUN: {
    exit: EXIT.usage,
    fix: 'Name a journal.json, or the id of a run: its folder below `runs` in the data folder.',
  },
  UNKNOWN_ATTRIBUTE: {exit: EXIT.usage, fix: '`teralab chaos kinds` lists the attributes of each fault.'},
  BAD_VALUE: {exit: EXIT.usage, fix: 'Durations are written 250ms, 30s or 2m; sizes 64KB or 10MB; rates 100/s.'},
  NOT_POSSIBLE_HERE: {
    exit: EXIT.usage,
    fix: '`teralab chaos kinds` says which fault works on which target and runtime.',
  },
  NOT_PASSED_YET: {exit: EXIT.usage, fix: 'Pass the lab first, or ask with `--reveal` (it is recorded).'},
  NOTHING_CHECKED: {exit: EXIT.usage, fix: 'Run `teralab check` first: hints answer what a check has found.'},
  BAD_TOPOLOGY: {exit: EXIT.usage, fix: 'Correct the named line of the topology.'},
  BAD_TOXIPROXY_CONFIG: {
    exit: EXIT.usage,
    fix: 'Correct the file: a JSON list like [{"name": "gateway->identity", "toxics": [{"type": "latency", "attributes": {"latency": 100}}]}].',
  },
  BAD_EXPERIMENT: {exit: EXIT.usage, fix: 'Correct the named lines; `teralab chaos validate FILE` looks again.'},
  UNKNOWN_EXPERIMENT: {exit: EXIT.usage, fix: '`teralab chaos run` lists the experiments that come with teralab.'},
  NOT_RUNNING: {exit: EXIT.environment, fix: 'Start the system with `teralab up`.'},
  BUSY: {exit: EXIT.environment, fix: 'Wait for it to end, or stop it with Ctrl-C where it runs.'},
  UNSUPPORTED_PLATFORM: {exit: EXIT.environment, fix: 'Use Linux, macOS, or WSL2 on Windows.'},
  NODE_TOO_OLD: {exit: EXIT.environment, fix: 'Install Node 20.19 or newer.'},
  POSTGRES_MISSING: {
    exit: EXIT.environment,
    fix: 'Install teralab again without `--omit=optional`: Postgres comes as an optional package.',
  },
  POSTGRES_FAILED: {
    exit: EXIT.environment,
    fix: 'Read the lines above; `teralab clean` removes databases and caches, then try again.',
  },
  ENGINE_MISSING: {
    exit: EXIT.environment,
    fix: 'Start Docker, or point DOCKER_HOST or `docker context use` at an engine; `--runtime process` needs none.',
  },
  ENGINE_NOT_ALLOWED: {
    exit: EXIT.environment,
    fix: 'Add yourself to the group `docker` and log in again, or use rootless Docker; `--runtime process` needs neither.',
  },
  ENGINE_FAILED: {
    exit: EXIT.environment,
    fix: 'Read what the engine said; `teralab down` removes what was made, and `docker info` shows how the engine is.',
  },
  NO_SWARM: {
    exit: EXIT.environment,
    fix: '`docker swarm init` makes this engine a swarm of its own; or point DOCKER_HOST at a manager of the swarm.',
  },
  MACHINE_LOST: {
    exit: EXIT.environment,
    fix: 'Bring the machine back, and its data are there again; `teralab down` and `teralab up` start afresh on the others.',
  },
  IMAGE_MISSING: {
    exit: EXIT.environment,
    fix: 'Pull the named image where a registry can be reached, or load it with `docker load`.',
  },
  NAME_TAKEN: {
    exit: EXIT.environment,
    fix: 'Remove or rename what has the name; teralab touches only what it has made itself.',
  },
  NATS_MISSING: {
    exit: EXIT.environment,
    fix: 'Install NATS (`apt-get install nats-server`, `brew install nats-server`), or leave `--broker nats` out.',
  },
  UNKNOWN_TRACE: {exit: EXIT.usage, fix: '`teralab traces` lists the traces that are kept.'},
  NODE_NOT_READY: {exit: EXIT.environment, fix: 'Read the lines above; `teralab logs <node>` shows all of them.'},
  NODE_GONE: {
    exit: EXIT.environment,
    fix: '`teralab status` shows what is left; `teralab down` and `teralab up` start afresh.',
  },
  PORT_TAKEN: {exit: EXIT.environment, fix: 'Free the port, or ask for another with `--port` or `--toxiproxy-api`.'},
  NO_SPACE: {
    exit: EXIT.environment,
    fix: 'Free some disk space (`teralab clean` frees what teralab keeps) and try again.',
  },
  NOT_ALLOWED: {exit: EXIT.environment, fix: 'Check who owns the named file or folder.'},
  SOCKET_PATH_TOO_LONG: {exit: EXIT.environment, fix: 'Set XDG_RUNTIME_DIR or TMPDIR to a shorter folder.'},
  SOCKET_NOT_OURS: {
    exit: EXIT.environment,
    fix: 'Remove the named folder, or set XDG_RUNTIME_DIR to a folder of your own.',
  },
  NEWER_VERSION: {exit: EXIT.environment, fix: 'Update teralab: the file was written by a newer one.'},
  DAMAGED_FILE: {exit: EXIT.environment, fix: 'Move the named file away to go on without it.'},
  CONTROLLER_LOST: {exit: EXIT.environment, fix: 'Run `teralab up`: it removes what is left and starts afresh.'},
  CONTROLLER_NOT_STARTED: {exit: EXIT.environment, fix: 'Read the lines above; they are the end of its log.'},
  WORKSPACE_FILE_MISSING: {
    exit: EXIT.environment,
    fix: '`teralab reset <lab>` brings the start files back and keeps yours aside.',
  },
  FAULT_FAILED: {
    exit: EXIT.environment,
    fix: '`teralab chaos list` shows what is in force; `teralab chaos clear --all` heals everything.',
  },
  BROKEN_LAB: {
    exit: EXIT.internal,
    fix: 'This is a fault of the lab, not yours; please report it with the lines above.',
  },
  INTERRUPTED: {exit: EXIT.interrupted, fix: 'Nothing is left to clean up.'},
  INTERNAL: {exit: EXIT.internal, fix: 'Please report it with the named log.'},
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** An error that a user can act upon: a code from the registry, and one or two sentences on what was tried and what was seen. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: ErrorCode;
  readonly exit: ExitCode;
  readonly fix: string;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exit = ERRORS[code].exit;
    this.fix = ERRORS[code].fix;
  }
}

/** An error as plain data, for a socket or a `--json` document. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
  readonly stack?: string;
}

export function toErrorData(error: unknown): ErrorData {
  if (error instanceof LabError) return {code: error.code, message: error.message, fix: error.fix};
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return {code: 'INTERNAL', message, fix: ERRORS.INTERNAL.fix, ...(stack === undefined ? {} : {stack})};
}

export function fromErrorData(data: ErrorData): LabError {
  return new LabError(data.code in ERRORS ? data.code : 'INTERNAL', data.message);
}
