import type {Stream, ToxicAttributes, ToxicKind, ToxicSpec} from '../fabric/fabric.ts';
import type {FaultInfo} from './catalogue.ts';
import type {ResolvedTarget} from './targets.ts';

const MODE_TOXICS: Readonly<Record<string, ToxicKind>> = {
  blackhole: 'blackhole',
  reset: 'reset_peer',
  refuse: 'refuse',
};

/** A toxic that has no name and no end yet. */
export interface ToxicPart {
  readonly kind: ToxicKind;
  readonly proxies: readonly string[];
  readonly stream: Stream;
  readonly toxicity?: number;
  readonly attributes: ToxicAttributes;
}

/** The toxics that make up a fault of links: one, or two for a cut in one direction. */
export function toxicParts(info: FaultInfo, attributes: ToxicAttributes, target: ResolvedTarget): readonly ToxicPart[] {
  if (info.acts === 'nodes') return [];
  return info.acts === 'cut' ? cutParts(attributes, target) : linkParts(info, attributes, target);
}

/** The first toxic has the fault's own id. */
export function nameToxics(
  parts: readonly ToxicPart[],
  fault: {readonly id: string; readonly seed: number; readonly endsAt: number | null},
): readonly ToxicSpec[] {
  return parts.map((part, index) => ({
    toxicity: 1,
    ...part,
    id: index === 0 ? fault.id : `${fault.id}.${index + 1}`,
    seed: fault.seed,
    ...(fault.endsAt === null ? {} : {endsAt: fault.endsAt}),
  }));
}

function linkParts(info: FaultInfo, attributes: ToxicAttributes, target: ResolvedTarget): readonly ToxicPart[] {
  const {stream, toxicity, method, path, ...rest} = attributes;
  if (info.toxic === undefined) return [];
  const match = method === undefined && path === undefined ? {} : {match: matchOf(method, path)};
  return [
    {
      kind: info.toxic,
      proxies: target.proxies.map(({name}) => name),
      stream: stream === undefined ? 'downstream' : (stream as Stream),
      ...(typeof toxicity === 'number' ? {toxicity} : {}),
      attributes: {...toxicAttributes(rest), ...match},
    },
  ];
}

/** Toxics write with an underscore what faults write with a hyphen. */
export function toxicAttributes(attributes: ToxicAttributes): ToxicAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replaceAll('-', '_'), value]));
}

function matchOf(method: ToxicAttributes[string] | undefined, path: ToxicAttributes[string] | undefined) {
  return {
    ...(typeof method === 'string' ? {method: method.toUpperCase()} : {}),
    ...(typeof path === 'string' ? {path} : {}),
  };
}

/** Bytes towards the target are upstream on links into it and downstream on links out of it. */
function cutParts(attributes: ToxicAttributes, target: ResolvedTarget): readonly ToxicPart[] {
  const {mode, direction = 'both'} = attributes;
  const kind = MODE_TOXICS[String(mode)] ?? 'blackhole';
  const all = target.proxies.map(({name}) => name);
  const inbound = all.filter(name => target.inbound.has(name));
  const outbound = all.filter(name => !target.inbound.has(name));
  const part = (proxies: readonly string[], stream: Stream): ToxicPart => ({kind, proxies, stream, attributes: {}});
  const parts =
    direction === 'both'
      ? [part(all, 'both')]
      : kind === 'blackhole'
        ? [
            part(inbound, direction === 'to' ? 'upstream' : 'downstream'),
            part(outbound, direction === 'to' ? 'downstream' : 'upstream'),
          ]
        : // A connection is refused or reset as a whole: the direction is that of the calls.
          [part(direction === 'to' ? inbound : outbound, 'both')];
  return parts.filter(({proxies}) => proxies.length > 0);
}
