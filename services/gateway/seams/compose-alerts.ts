import type {UpstreamCall} from './compose.ts';

/** An account at which somebody tried to sign in too often and failed, as stream has it. */
export interface Alert {
  readonly account: string;
  readonly failures: number;
  /** Times, ISO 8601. */
  readonly first: string;
  readonly last: string;
}

/** What stream answers. */
export interface AlertsList {
  readonly items: readonly Alert[];
  readonly next: string | null;
}

/** What identity answers of one account. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}

export interface NamedAlert extends Alert {
  /** The account's name now; null where the account is not open any more, or names are missing. */
  readonly name: string | null;
}

export interface AlertsRequest {
  /** How many alerts the page has at most. */
  readonly limit: number;
  /** Where the page begins: `next` of the page before. */
  readonly cursor: string | undefined;
  /** How long the caller will wait for the page from now on, in ms. */
  readonly patienceMs: number;
}

export interface AlertsPage {
  /** In stream's order. */
  readonly items: readonly NamedAlert[];
  readonly next: string | null;
  /** `names` where identity could not be asked, or would not say. */
  readonly missing: readonly 'names'[];
}

/**
 * `GET /v1/sign-in-alerts`: one page from two services. stream has the alerts: `/v1/sign-in-alerts?limit=<limit>&cursor=<cursor>` gives an
 * {@link AlertsList}. identity has the names: `/v1/accounts/<id>` gives an {@link Account}, or 404 where there is no such account (any more);
 * `/v1/accounts?id=<id>&id=<id>…` gives `{items: Account[]}` for up to 100 ids at once: those that are open, each once, by id.
 *
 * A call that fails rejects; where the service answered, with its `status`.
 *
 * A module that replaces it exports `composeAlerts`.
 */
export type ComposeAlerts = (request: AlertsRequest, upstream: UpstreamCall) => Promise<AlertsPage>;
