import type {CreateRoutes} from './routes.ts';

/** Blank: it is alive, ready, and describes that it does nothing. */
export const createRoutes: CreateRoutes = () => [];
