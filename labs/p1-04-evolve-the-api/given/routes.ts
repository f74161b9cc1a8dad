import type {CreateRoutes, Route} from 'teralab/gateway/seams/routes';

/** Both versions of the API, whoever serves them by now. */
export const createRoutes: CreateRoutes = () =>
  ['v1', 'v2'].flatMap((version): readonly Route[] => [
    {method: 'POST', path: `/${version}/profiles`, service: 'own', summary: 'Add a profile', signedIn: false},
    {method: 'GET', path: `/${version}/profiles/:id`, service: 'own', summary: 'A profile', signedIn: false},
    {method: 'PUT', path: `/${version}/profiles/:id`, service: 'own', summary: 'Change a profile', signedIn: false},
  ]);
