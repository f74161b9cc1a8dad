import type {CreateWorker} from './worker.ts';

export const createWorker: CreateWorker = () => ({});
