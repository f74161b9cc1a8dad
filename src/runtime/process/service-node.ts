import {idleOptions} from '../../idle-options.ts';
import type {Address} from '../../topology/address.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import type {RunningNode, StartOptions} from '../runtime.ts';
import {createRunningNode} from './running-node.ts';
import {startProcess} from './start-process.ts';

const STOP_GRACE_MS = 5_000;
/** Of the lab's own environment a service gets only this: the rest may hold secrets, or options that change how Node runs. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
/** A lab's service holds little at a time: small heaps keep the whole system small. */
const NODE_OPTIONS = ['--enable-source-maps', '--max-old-space-size=192', '--max-semi-space-size=8'];

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
  const links = Object.entries(options.links).map(([service, instances]) => [
    service,
    instances.map(instance => ({node: instance.node, url: `http://${instance.address.host}:${instance.address.port}`})),
  ]);
  return {
    ...Object.fromEntries(passedOn),
    PROFILE: 'lab',
    SESSION_SECRET: sessionSecret,
    // One arena for all threads instead of one for each: megabytes less per service.
    MALLOC_ARENA_MAX: '1',
    ...options.env,
    NODE_NAME: node.name,
    HOST: address.host,
    PORT: String(address.port),
    LINKS: JSON.stringify(Object.fromEntries(links)),
    SEAMS: JSON.stringify(options.seams),
    CONTROL_FD: '3',
    CODE_CACHE: codeCache,
  };
}
