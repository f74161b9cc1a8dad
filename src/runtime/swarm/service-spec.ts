import type Docker from 'dockerode';
import {LAB_LABEL, type Named, nameOf} from '../docker/labels.ts';
import {SEAMS_FOLDER} from '../docker/specs.ts';

const SECOND_NS = 1_000_000_000;
const STOP_GRACE_S = 5;
/** A new task has to live this long before a change of its service counts as done. */
const MONITOR_NS = SECOND_NS;
/** A name that nobody has now is asked of servers outside, too, which may not answer: no call waits long for that. */
export const DNS_OPTIONS = ['timeout:1', 'attempts:1'];
/** The controller supervises nodes on every runtime; the engine would restart, and hide for half a minute, what the lab is about. */
export const NO_HEALTH_CHECK: Docker.HealthConfig = {Test: ['NONE']};

/** A file that a service's containers find at a place: the engine keeps its content. */
export interface ConfigFile {
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

export interface ServicePlace extends Named {
  /** Id of the session's network. */
  readonly network: string;
  /** The address on it from which the lab itself comes. */
  readonly entrance: string;
  /** The one machine that it runs on. */
  readonly machine: string;
  /** Id of the image there: what is named by id is never looked for in a registry. */
  readonly image: string;
  readonly configs: readonly ConfigFile[];
  /** Tells runs of the same specification apart. */
  readonly run: number;
}

/** A swarm service with one task on one machine, that confines its container as the docker runtime confines that of `options`. */
export function asService(options: Docker.ContainerCreateOptions, place: ServicePlace): Docker.ServiceSpec {
  const name = options.Hostname ?? '';
  const {HostConfig: host = {}} = options;
  return {
    Name: nameOf(place, name),
    Labels: {...options.Labels},
    TaskTemplate: {
      ContainerSpec: {
        Image: place.image,
        Args: [...(options.Cmd ?? [])],
        Hostname: name,
        Env: [...(options.Env ?? [])],
        Labels: {...options.Labels, [LAB_LABEL]: place.entrance},
        ...(options.User === undefined ? {} : {User: options.User}),
        OpenStdin: options.OpenStdin ?? false,
        Init: host.Init ?? false,
        ReadOnly: host.ReadonlyRootfs ?? false,
        CapabilityDrop: [...(Array.isArray(host.CapDrop) ? host.CapDrop : [])],
        Mounts: [...volumesOf(host), ...tmpfsOf(host)],
        Configs: configReferences(place.configs),
        StopGracePeriod: STOP_GRACE_S * SECOND_NS,
        HealthCheck: NO_HEALTH_CHECK,
        DNSConfig: {Options: DNS_OPTIONS},
      },
      Resources: {
        // The type does not know the limit of processes, which the engine has had since API 1.41.
        Limits: {MemoryBytes: host.Memory ?? 0, Pids: host.PidsLimit ?? 0} as Docker.ResourceLimits,
      },
      RestartPolicy: {Condition: 'none'},
      Placement: {Constraints: [`node.id==${place.machine}`]},
      Networks: [{Target: place.network, Aliases: [name]}],
      LogDriver: {Name: 'json-file', Options: {'max-size': '5m', 'max-file': '2'}},
      ForceUpdate: place.run,
    },
    Mode: {Replicated: {Replicas: 1}},
    // A virtual address would need IPVS in the kernel, and there is one task to reach.
    EndpointSpec: {Mode: 'dnsrr'},
    UpdateConfig: {Parallelism: 1, Order: 'stop-first', FailureAction: 'continue', Monitor: MONITOR_NS},
  };
}

export function configReferences(configs: readonly ConfigFile[]): Docker.ConfigReference[] {
  return configs.map(({id, name, path}) => ({
    ConfigID: id,
    ConfigName: name,
    File: {Name: path, UID: '0', GID: '0', Mode: 0o444},
  }));
}

/** Modules come as configs instead of through a volume, which would have to be filled on each machine. */
function volumesOf({Mounts: mounts = []}: Docker.HostConfig): Docker.MountSettings[] {
  return mounts.filter(({Target: target}) => target !== SEAMS_FOLDER);
}

/** `mode=1777,size=64m`, as a mount of a service. */
function tmpfsOf({Tmpfs: folders = {}}: Docker.HostConfig): Docker.MountSettings[] {
  return Object.entries(folders).map(([target, text]) => {
    const options = new Map(text.split(',').map(part => part.split('=', 2) as [string, string]));
    return {
      Type: 'tmpfs',
      Target: target,
      Source: '',
      TmpfsOptions: {
        Mode: Number.parseInt(options.get('mode') ?? '1777', 8),
        SizeBytes: Number.parseInt(options.get('size') ?? '64', 10) * 1024 * 1024,
      },
    };
  });
}
