import {LabError} from '../errors.ts';
import type {UpOptions} from './protocol.ts';
import type {System} from './system.ts';

/** What can be changed of a running system is its replicas; for anything else it has to go down first. Errors: BUSY. */
export function requireSameSystem(system: System, options: UpOptions): void {
  const busy = (how: string): LabError =>
    new LabError('BUSY', `The system is running with ${how}; \`teralab down\` first.`);
  if (options.topology !== undefined) throw busy('a topology already');
  if (options.runtime !== undefined && options.runtime !== system.runtime.name)
    throw new LabError('BUSY', `The system is running on ${system.runtime.name} already; \`teralab down\` first.`);
  const engine = system.plan.nodes.find(node => node.kind === 'broker')?.engine ?? 'postgres';
  if (options.broker !== undefined && options.broker !== engine) throw busy(`its broker on ${engine}`);
  const [gateway = ''] = system.publicUrls();
  if (options.port !== undefined && !gateway.endsWith(`:${options.port}`)) throw busy(`its gateway at ${gateway}`);
}
