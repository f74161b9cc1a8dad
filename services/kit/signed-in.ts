/** `security` of routes that want an access token. */
export const SIGNED_IN = [{bearer: []}];
