import {ERRORS, type ErrorCode} from '../../errors.ts';
import {table} from '../output/table.ts';
import {block} from '../output/text.ts';
import {EXIT_MEANINGS} from './topics.ts';

export function isErrorCode(word: string): word is ErrorCode {
  return Object.hasOwn(ERRORS, word);
}

/** `teralab help PORT_TAKEN`. */
export function renderErrorCode(code: ErrorCode, width: number): string[] {
  const {exit, fix} = ERRORS[code];
  return [
    code,
    ...block(`${MEANINGS[code]}`, width, '  '),
    ...block(fix, width, '              ', '  What to do'),
    ...block(`${exit}, ${EXIT_MEANINGS[exit]}`, width, '              ', '  Exit code'),
  ];
}

/** `teralab help errors`. */
export function renderErrors(width: number): string[] {
  const rows = Object.entries(ERRORS).map(([code, {exit, fix}]) => [code, String(exit), fix]);
  return table([['CODE', 'EXIT', 'WHAT TO DO'], ...rows], {width, right: [1]});
}

/** What has happened, where an error of this code is printed. */
const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  USAGE: 'The command line is not one that teralab knows.',
  UNKNOWN_COMMAND: 'There is no command of this name.',
  UNKNOWN_LAB: 'There is no lab of this name in this installation.',
  UNKNOWN_TASK: 'The lab has no task of this name.',
  PREDICTION_NEEDED: 'The lab asks what will happen before it shows it, and nobody can be asked here.',
  BAD_PREDICTION: 'The answer does not fit the question.',
  BAD_CODE: 'A code that carries a lab, a seed and a timetable was cut off, or mistyped.',
  PREDICTION_SEALED: 'An answer that was given before its run cannot be changed.',
  UNKNOWN_TARGET: 'No node, service or link of the running system has this name.',
  UNKNOWN_NODE: 'The running system has no node of this name.',
  UNKNOWN_FAULT: 'There is no fault of this kind or with this id.',
  UNKNOWN_RUN: 'There is no journal at this place and no run with this id, or more than one.',
  UNKNOWN_ATTRIBUTE: 'The fault has no attribute of this name.',
  BAD_VALUE: 'A value is not of the form or not in the range that the flag or attribute takes.',
  NOT_POSSIBLE_HERE: 'The runtime cannot do this, or not to this target. It is refused rather than ignored.',
  NOT_PASSED_YET: 'This is shown after a pass only.',
  NOTHING_CHECKED: 'No check of this lab is on record yet.',
  BAD_TOPOLOGY: 'The topology cannot be read, or declares something that cannot be.',
  BAD_TOXIPROXY_CONFIG:
    'The file of proxies and toxics cannot be read, or holds something that the Toxiproxy API refuses.',
  BAD_EXPERIMENT: 'The experiment cannot be read, or says something that cannot be done.',
  UNKNOWN_EXPERIMENT: 'There is no such file, and no experiment of this name comes with teralab.',
  NOT_RUNNING: 'The command looks at or disturbs a running system, and none is running for this workspace.',
  BUSY: 'The system does one such thing at a time, and is doing one now.',
  UNSUPPORTED_PLATFORM: 'This operating system cannot run the system.',
  NODE_TOO_OLD: 'This Node is older than what teralab is built for.',
  POSTGRES_MISSING: 'The package with the Postgres binaries of this platform is not installed.',
  POSTGRES_FAILED: 'A Postgres server could not be prepared or started.',
  ENGINE_MISSING: 'No Docker Engine answers where one was looked for, or it is too old.',
  ENGINE_NOT_ALLOWED: 'The Docker Engine does not let this user in.',
  ENGINE_FAILED: 'The Docker Engine refused something, for a reason of its own.',
  NO_SWARM: 'The Docker Engine does not manage a swarm, or takes no tasks itself.',
  MACHINE_LOST: 'A machine of the swarm is not there, and what was asked for is on it.',
  IMAGE_MISSING: 'An image is not on the engine, and could not be pulled or built.',
  NAME_TAKEN: "The engine has something of this name already that is not this session's.",
  NATS_MISSING: 'The NATS broker was asked for, and its server is not on the PATH or too old.',
  UNKNOWN_TRACE: 'No trace that is kept has this id, or more than one begins so.',
  NODE_NOT_READY: 'A node was started and did not become ready within its time.',
  NODE_GONE: 'A node that was asked something is not there any more.',
  PORT_TAKEN: 'The port that was asked for belongs to another program.',
  NO_SPACE: 'The disk is full, or the quota is used up.',
  NOT_ALLOWED: 'The system refused access to a file or folder, or a path leads out of where it may lead.',
  SOCKET_PATH_TOO_LONG: 'The path of the control socket is longer than unix sockets allow (about 100 bytes).',
  SOCKET_NOT_OURS: 'The folder or socket that the controller would use belongs to somebody else.',
  NEWER_VERSION: 'A file was written by a newer teralab; it is left as it is rather than mangled.',
  DAMAGED_FILE: 'A file of teralab does not hold what teralab writes there; it is left as it is.',
  CONTROLLER_LOST: 'The process that owns the running system went away before it had answered.',
  CONTROLLER_NOT_STARTED: 'The process that is to own the system ended before it could be reached.',
  WORKSPACE_FILE_MISSING: 'A file that a lab needs is not in your workspace any more.',
  FAULT_FAILED: 'A fault could not be applied or undone as asked.',
  BROKEN_LAB: 'The lab itself is wrong: its files, or a judge that crashed. It is never counted as your failure.',
  INTERRUPTED: 'Ctrl-C, or a signal that asks to end.',
  INTERNAL: 'A bug of teralab. The details are in the log file that the error names.',
};
