import type {CreateRoutes} from 'teralab/gateway/seams/routes';

/** Both versions of quotas in turn, and the new version's schema change for the operator. */
export const createRoutes: CreateRoutes = () => [
  {method: 'GET', path: '/v1/quotas/:account', service: 'quotas', summary: 'A quota', signedIn: false},
  {method: 'PUT', path: '/v1/quotas/:account', service: 'quotas', summary: 'Set a quota', signedIn: false},
  {method: 'PUT', path: '/v1/schema-change', service: 'quotas-v2', summary: 'Change the schema', signedIn: false},
];
