/**
 * Options that turn Node's permission model on: no files but those that others allow, no processes, threads or addons, yet the network. The
 * model has lost its prefix in version 23.5, and covers the network since 25.
 */
export function permissionOptions(allowed = process.allowedNodeEnvironmentFlags): readonly string[] {
  if (!allowed.has('--permission')) return ['--experimental-permission', '--disable-warning=ExperimentalWarning'];
  return ['--permission', ...(allowed.has('--allow-net') ? ['--allow-net'] : [])];
}
