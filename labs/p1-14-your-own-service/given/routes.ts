import type {CreateRoutes} from 'teralab/gateway/seams/routes';

/** What of the learner's service the world may reach. */
export const createRoutes: CreateRoutes = () => [
  {method: 'POST', path: '/v1/items', service: 'own', summary: 'Add an item', signedIn: false},
  {method: 'GET', path: '/v1/items', service: 'own', summary: 'Items, page by page', signedIn: false},
  {method: 'GET', path: '/v1/items/:id', service: 'own', summary: 'An item', signedIn: false},
  {method: 'PUT', path: '/v1/items/:id', service: 'own', summary: 'Change an item', signedIn: false},
  {method: 'DELETE', path: '/v1/items/:id', service: 'own', summary: 'Take an item away', signedIn: false},
];
