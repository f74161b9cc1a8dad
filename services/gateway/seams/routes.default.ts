import type {CreateRoutes, Route} from './routes.ts';

/** What of teraApi the world may reach. */
export const createRoutes: CreateRoutes = () => ROUTES;

const ROUTES: readonly Route[] = [
  {method: 'POST', path: '/v1/accounts', service: 'identity', summary: 'Open an account', signedIn: false},
  {
    method: 'POST',
    path: '/v1/sessions',
    service: 'identity',
    summary: 'Sign in',
    signedIn: false,
    takesTurns: true,
  },
  {method: 'POST', path: '/v1/sessions/refresh', service: 'identity', summary: 'Stay signed in', signedIn: false},
  {method: 'DELETE', path: '/v1/sessions/current', service: 'identity', summary: 'Sign out', signedIn: true},
  {method: 'PATCH', path: '/v1/accounts/me', service: 'identity', summary: 'Change the account', signedIn: true},
  {method: 'DELETE', path: '/v1/accounts/me', service: 'identity', summary: 'Close the account', signedIn: true},
  {method: 'PUT', path: '/v1/accounts/:id/roles', service: 'identity', summary: 'Grant roles', signedIn: true},
  {method: 'GET', path: '/v1/accounts/me', service: 'identity', summary: 'The signed-in account', signedIn: true},
  {method: 'GET', path: '/v1/accounts', service: 'identity', summary: 'Several accounts', signedIn: true},
  {method: 'GET', path: '/v1/accounts/:id', service: 'identity', summary: 'An account', signedIn: true},
  {method: 'POST', path: '/v1/activity', service: 'stream', summary: 'Report activity', signedIn: true},
  {
    method: 'GET',
    path: '/v1/activity/:account',
    service: 'stream',
    summary: 'What an account did last',
    signedIn: true,
    own: 'account',
  },
  {
    method: 'GET',
    path: '/v1/windows',
    service: 'stream',
    summary: 'Activity counted in windows of time',
    signedIn: false,
  },
];
