/** What identity tells of its accounts. */
export const IDENTITY_EVENTS = 'identity.events';
/** What accounts report that they did; the key is the account. */
export const ACTIVITY = 'activity';
export const STREAMS = [IDENTITY_EVENTS, ACTIVITY] as const;
/** The group of this service's own projections. */
export const GROUP = 'stream';
