import {mkdir, realpath} from 'node:fs/promises';
import {dirname} from 'node:path';
import {idleOptions} from '../../idle-options.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode, StartOptions} from '../runtime.ts';
import {NODE_OPTIONS, serviceEnvironment} from '../service-environment.ts';
import {permissionOptions} from './permission-options.ts';
import {createRunningNode} from './running-node.ts';
import {startProcess} from './start-process.ts';

const STOP_GRACE_MS = 5_000;
/** Of the lab's own environment a service gets only this: the rest may hold secrets, or options that change how Node runs. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
export interface ServiceSpec {
  readonly node: PlannedNode;
  readonly options: StartOptions;
  readonly address: Address;
  /** The built bundle. */
  readonly entry: string;
  readonly session: string;
  readonly sessionSecret: string;
  /** Folder for compiled code, which makes the next start faster. */
  readonly codeCache: string;
  readonly logFile: string;
}

/** Starts a service from its built bundle, with the environment that `services/kit/environment.ts` defines. */
export async function startService(spec: ServiceSpec): Promise<RunningNode> {
  const {node, address, logFile, session} = spec;
  const confined = Object.keys(spec.options.seams).length > 0 ? await confinement(spec) : [];
  const started = await startProcess({
    name: node.name,
    command: process.execPath,
    args: [...NODE_OPTIONS, ...idleOptions(), ...confined, spec.entry],
    env: environmentOf(spec),
    session,
    logFile,
    leashSignal: 'TERM',
    control: true,
  });
  return createRunningNode(started, {
    node,
    address,
    logFile,
    stopSignals: [{signal: 'SIGTERM', graceMs: STOP_GRACE_MS}],
    isTree: false,
  });
}

/**
 * Options that leave a process with a learner's module nothing but its own program, the module and the network: no other files (the state
 * folder, `/proc`, the session's token), no processes or threads of its own, no debugger, no addons.
 */
async function confinement({entry, options, codeCache}: ServiceSpec): Promise<readonly string[]> {
  // What is not there yet would be taken for a file.
  await mkdir(codeCache, {recursive: true, mode: 0o700});
  const readable = [dirname(entry), codeCache, ...Object.values(options.seams)];
  const real = await Promise.all(readable.map(async path => realpath(path).catch(() => path)));
  // Not writable: what it left in the code cache would run in another service.
  return [...permissionOptions(), ...new Set([...readable, ...real])].map(option =>
    option.startsWith('--') ? option : `--allow-fs-read=${option}`,
  );
}

function environmentOf({node, options, address, sessionSecret, codeCache}: ServiceSpec): Record<string, string> {
  const passedOn = PASSED_ON.flatMap(name =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return {
    ...Object.fromEntries(passedOn),
    ...serviceEnvironment(node, options, {listen: address, sessionSecret, seams: options.seams, control: '3'}),
    CODE_CACHE: codeCache,
  };
}
