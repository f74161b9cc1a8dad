import type {CreateRoutes} from 'teralab/gateway/seams/routes';

/** What the lab drives, and what an operator asks identity for. */
export const createRoutes: CreateRoutes = () => [
  {method: 'POST', path: '/v1/accounts', service: 'identity', summary: 'Open an account', signedIn: false},
  {method: 'POST', path: '/v1/sessions', service: 'identity', summary: 'Sign in', signedIn: false},
  {method: 'PATCH', path: '/v1/accounts/me', service: 'identity', summary: 'Change the name', signedIn: true},
  {method: 'POST', path: '/v1/account-announcements', service: 'identity', summary: 'Announce all', signedIn: false},
  {method: 'GET', path: '/v1/named-activity', service: 'stream', summary: 'Activity by name', signedIn: false},
];
