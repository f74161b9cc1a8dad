/** Where something listens. A host that begins with `/` is the path of a unix socket, which has no port: 0. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The options with which Node connects to it. */
export function connectTo({
  host,
  port,
}: Address): {readonly host: string; readonly port: number} | {readonly socketPath: string} {
  return host.startsWith('/') ? {socketPath: host} : {host, port};
}

/** Its URL; of a unix socket, `unix:` and its path. */
export function urlOf({host, port}: Address): string {
  return host.startsWith('/') ? `unix:${host}` : `http://${host}:${port}`;
}
