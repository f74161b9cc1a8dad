/** What one client may ask for: `ratePerSecond` requests in the long run, and `burst` at once after a quiet time. */
export interface Limit {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/**
 * The limit of a client, by its name as the rate limiter knows it: `account:…`, `client:…`, `address:…`.
 *
 * A module that replaces it exports `limitOf`.
 */
export type LimitOf = (client: string) => Limit;
