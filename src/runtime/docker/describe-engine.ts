import type {EngineEndpoint} from './endpoint.ts';
import {openEngine} from './engine.ts';
import {BASE_IMAGES, hasImage} from './images.ts';

/** What an engine says of itself, as far as it matters here. */
export interface EngineFacts {
  readonly host: string;
  /** What named it. */
  readonly source: string;
  readonly version: string;
  readonly api: string;
  readonly operatingSystem: string;
  readonly storageDriver: string;
  readonly cgroupVersion: string;
  /** Kinds of faults that it cannot do, with the reason. */
  readonly missing: Readonly<Record<string, string>>;
  /** Base images that it has, and that it would have to pull. */
  readonly images: {readonly present: readonly string[]; readonly absent: readonly string[]};
}

interface Info {
  readonly OperatingSystem?: string;
  readonly Driver?: string;
  readonly CgroupVersion?: string;
  readonly MemoryLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
}

/** Errors: ENGINE_MISSING, ENGINE_NOT_ALLOWED. */
export async function describeEngine(endpoint: EngineEndpoint): Promise<EngineFacts> {
  const engine = await openEngine(endpoint);
  const [info, version] = await Promise.all([engine.info() as Promise<Info>, engine.version()]);
  const images = await Promise.all(
    Object.values(BASE_IMAGES).map(async name => ({name, isThere: await hasImage(engine, name)})),
  );
  const named = (isThere: boolean): readonly string[] =>
    images.filter(image => image.isThere === isThere).map(({name}) => name);
  return {
    host: endpoint.host,
    source: endpoint.source,
    version: version.Version,
    api: version.ApiVersion,
    operatingSystem: info.OperatingSystem ?? '?',
    storageDriver: info.Driver ?? '?',
    cgroupVersion: info.CgroupVersion ?? '1',
    missing: missingAbilities(info),
    images: {present: named(true), absent: named(false)},
  };
}

/** Faults that an engine cannot do, as it says itself. */
export function missingAbilities({MemoryLimit: memory, CpuCfsQuota: cpu}: Info): Readonly<Record<string, string>> {
  return {
    ...(memory === false ? {memory: 'this engine cannot limit memory'} : {}),
    ...(cpu === false ? {throttle: 'this engine cannot limit CPU time'} : {}),
  };
}
