import {idleOptions} from '../../idle-options.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode, StartOptions} from '../runtime.ts';
import {NODE_OPTIONS, serviceEnvironment} from '../service-environment.ts';
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
  const started = await startProcess({
    name: node.name,
    command: process.execPath,
    args: [...NODE_OPTIONS, ...idleOptions(), spec.entry],
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
