/** A request that has come to a sidecar. */
export interface ArrivedRequest {
  readonly method: string;
  /** With its query string. */
  readonly path: string;
  /**
   * Who sends it: the service and the node that the caller's certificate names. The lab's authority has signed it, and the caller has
   * proved that it holds the key. Undefined: it came in plain text, from anybody.
   */
  readonly peer: {readonly service: string; readonly node: string} | undefined;
}

export interface IdentityPolicyTools {
  /** The service that is protected. */
  readonly service: string;
  /** Services that have a link to it. */
  readonly callers: readonly string[];
  /** It takes requests from outside of the mesh: those are in plain text, and meant to be. */
  readonly edge: boolean;
}

/** Decides whom a service is to hear. Who is not let in gets 403, and the service learns nothing of it. */
export interface IdentityPolicy {
  allows(request: ArrivedRequest): boolean;
}

/** A module that replaces it exports `createIdentityPolicy`. Every sidecar creates one. */
export type CreateIdentityPolicy = (tools: IdentityPolicyTools) => IdentityPolicy;
