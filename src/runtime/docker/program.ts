import type {PlannedNode} from '../../topology/plan.ts';

/** What the container of a node runs. */
export function programOf({kind, engine}: PlannedNode): 'service' | 'postgres' | 'nats' {
  if (kind === 'service') return 'service';
  return engine === 'nats' ? 'nats' : 'postgres';
}
