/** Carried by everything that a session makes on an engine. Nothing without it is ever removed. */
export const SESSION_LABEL = 'dev.teralab.session';
/** The node that a container is. */
export const NODE_LABEL = 'dev.teralab.node';
/** The memory limit in bytes that a container was made with, for who undoes a change of it. */
export const MEMORY_LABEL = 'dev.teralab.memory';
/** Where what the lab itself sends to a node comes from, where that is not the gateway of the node's network. */
export const LAB_LABEL = 'dev.teralab.lab';
export const ROLE_LABEL = 'dev.teralab.role';

export interface Named {
  /** Short and random: names of two sessions never meet. */
  readonly session: string;
}

export function labelsOf(
  {session}: Named,
  role: 'node' | 'agent' | 'network' | 'volume' | 'helper' | 'steward',
  node?: string,
): Record<string, string> {
  return {[SESSION_LABEL]: session, [ROLE_LABEL]: role, ...(node === undefined ? {} : {[NODE_LABEL]: node})};
}

/** `teralab-1f2e3d4c5b6a-identity-1`: what `docker ps` shows. */
export function nameOf({session}: Named, what: string): string {
  return `teralab-${session}-${what}`;
}

/** A filter of the engine's lists for what a session has made. */
export function ofSession(session: string): {readonly filters: {readonly label: string[]}} {
  return {filters: {label: [`${SESSION_LABEL}=${session}`]}};
}
