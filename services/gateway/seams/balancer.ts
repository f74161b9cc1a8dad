/** Chooses among instances that are all good to ask. */
export interface Balancer {
  /** The nodes, whom to ask first in front. Never fewer than were given. */
  order(service: string, nodes: readonly string[]): readonly string[];
  /** A request to a node begins; the returned function is called once, when its answer's head is there or none came. */
  begin(node: string): () => void;
}

/**
 * How requests are spread over the instances of a service. Discovery says who they are and whom to keep away from.
 *
 * A module that replaces it exports `createBalancer`.
 */
export type CreateBalancer = () => Balancer;
