import type {CreateSchema} from './schema.ts';

export const createSchema: CreateSchema = () => [];
