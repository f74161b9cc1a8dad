import type {Kit} from '../kit/service.ts';
import {serveSchemaChange} from './schema-change.ts';
import {createRepository} from './seams/repository.default.ts';
import type {QuotaRepository} from './seams/repository.ts';

/** The repository of quotas, and, where it comes with a change of the schema, what an operator makes that change with. */
export async function openQuotas(kit: Kit, isServed: boolean): Promise<QuotaRepository> {
  const create = await kit.seam('repository', 'createRepository', createRepository);
  const repository = create(kit);
  if (repository.change === undefined) return repository;
  return serveSchemaChange(kit, {
    before: createRepository(kit),
    after: repository,
    change: repository.change,
    isServed,
  });
}
