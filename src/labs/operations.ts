import type {Operation} from '../load/load.ts';

/** An operation as a lab writes it: where it stands in the load is filled in. */
export type OperationBody = Omit<Operation, 'id' | 'name' | 'atMs'>;

/**
 * Operations of one name at these starts (ms after the load began; `constantArrivals`, `poissonArrivals` and `arrivals` of the load
 * make them), with ids `<name>-<number>`.
 */
export function operationsAt(
  name: string,
  startsMs: readonly number[],
  make: (index: number) => OperationBody,
): readonly Operation[] {
  return startsMs.map((atMs, index) => ({...make(index), id: `${name}-${index + 1}`, name, atMs}));
}

/** Several kinds of operations as one load, in order of their starts. Ids have to differ: give each kind its own name. */
export function together(...kinds: readonly (readonly Operation[])[]): readonly Operation[] {
  const all = kinds.flat().toSorted((a, b) => a.atMs - b.atMs);
  const ids = new Set(all.map(({id}) => id));
  if (ids.size !== all.length) throw new RangeError('two operations of one load have the same id');
  return all;
}
