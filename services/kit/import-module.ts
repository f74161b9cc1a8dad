/**
 * Imports a module by its URL. In a file of its own because the bundles of services run from V8's code cache, and functions that come
 * from there have lost what `import()` needs to know of its surroundings; this file is loaded as it is.
 */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(/* @vite-ignore */ url)) as Readonly<Record<string, unknown>>;
}
