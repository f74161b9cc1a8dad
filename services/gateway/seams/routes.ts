import type {Logger} from '../../kit/logger.ts';

/** One line of the gateway's table: what it takes, and which service answers it. Paths are the same on both sides. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With parameters as in `/v1/activity/:account`. */
  readonly path: string;
  /** The gateway has to be linked to it. */
  readonly service: string;
  readonly summary: string;
  /** Only with a valid access token. */
  readonly signedIn: boolean;
  /** The path parameter that must name the signed-in account. */
  readonly own?: string;
  /** It costs its service much, and anybody may ask for it: few are under way at once, and clients take turns. */
  readonly takesTurns?: boolean;
}

export interface RoutesTools {
  /** Services that the gateway is linked to. */
  readonly services: readonly string[];
  readonly log: Logger;
}

/**
 * The gateway's table: what of the services behind it the world may reach. What is in no line is answered 404.
 *
 * A module that replaces it exports `createRoutes`.
 */
export type CreateRoutes = (tools: RoutesTools) => readonly Route[];
