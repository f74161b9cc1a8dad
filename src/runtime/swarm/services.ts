import type Docker from 'dockerode';
import {type Engine, engineError} from '../docker/engine.ts';
import {NODE_LABEL, ofSession} from '../docker/labels.ts';

/** A service as it is known to the manager. */
export interface KnownService {
  readonly id: string;
  /** The node that it is, or the agent, or the stewards. */
  readonly node: string;
  readonly name: string;
  /** Needed to change it: whoever has read an older one is refused. */
  readonly version: number;
  readonly spec: Docker.ServiceSpec;
  /** How the last change of it went. */
  readonly change: {readonly state: string; readonly message: string} | undefined;
}

interface ServiceInfo {
  readonly ID: string;
  readonly Version?: {readonly Index?: number};
  readonly Spec?: Docker.ServiceSpec;
  readonly UpdateStatus?: {readonly State?: string; readonly Message?: string} | null;
}

/** All services of a session. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function servicesOf(manager: Engine, session: string): Promise<readonly KnownService[]> {
  const found = await manager.listServices(ofSession(session)).catch(error => {
    throw engineError(error, 'the services of the session could not be listed');
  });
  return found.map(asKnown);
}

export async function readService(manager: Engine, id: string): Promise<KnownService> {
  const info: unknown = await manager
    .getService(id)
    .inspect()
    .catch(error => {
      throw engineError(error, `the service ${id} could not be read`);
    });
  return asKnown(info);
}

/** Makes a service and returns its id. Errors: NAME_TAKEN, ENGINE_FAILED, ENGINE_MISSING. */
export async function createService(manager: Engine, spec: Docker.ServiceSpec): Promise<string> {
  // Without credentials of their own the client would send the specification in their place.
  const service = await manager.createService({} as Docker.AuthConfig, spec).catch(error => {
    throw engineError(error, `the service ${spec.Name ?? ''} could not be made`);
  });
  return service.id;
}

/** Gives a service another specification; the engine then replaces its tasks as that says. Errors: ENGINE_FAILED, ENGINE_MISSING. */
export async function changeService(
  manager: Engine,
  {id, version, name}: KnownService,
  spec: Docker.ServiceSpec,
): Promise<void> {
  await manager
    .getService(id)
    .update({_query: {version}, _body: spec})
    .catch((error: unknown) => {
      throw engineError(error, `the service ${name} could not be changed`);
    });
}

function asKnown(raw: unknown): KnownService {
  const {ID: id, Version: version, Spec: spec = {}, UpdateStatus: change} = raw as ServiceInfo;
  return {
    id,
    node: spec.Labels?.[NODE_LABEL] ?? '',
    name: spec.Name ?? id,
    version: version?.Index ?? 0,
    spec,
    change: change?.State === undefined ? undefined : {state: change.State, message: change.Message ?? ''},
  };
}
