import type {EngineRecord, RuntimeName} from '../runtime/runtime.ts';

/**
 * The engine that a runtime is to use, as this command's environment names it: a controller that is there already was started from
 * another. Errors: ENGINE_MISSING for a context that does not exist.
 */
export async function engineFor(runtime: RuntimeName | undefined): Promise<{readonly engine?: EngineRecord}> {
  if (runtime === undefined || runtime === 'process') return {};
  const {resolveEndpoint} = await import('../runtime/docker/endpoint.ts');
  return {engine: await resolveEndpoint()};
}
