/** Up to this major version V8 is known to have the option; Node does not start with one that it does not know. */
const V8_KNOWN_MAX = 13;

/**
 * Options for a Node process that is idle most of the time. V8 would collect garbage again and again while nothing happens, to save a
 * little memory; that is half of what an idle system takes of the processor.
 */
export function idleOptions(v8 = process.versions.v8): readonly string[] {
  return Number(v8.split('.')[0]) <= V8_KNOWN_MAX ? ['--no-memory-reducer'] : [];
}
