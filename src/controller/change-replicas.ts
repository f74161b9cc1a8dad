import {planTopology} from '../topology/plan-topology.ts';
import type {Live} from './live.ts';
import type {System} from './system.ts';

/** How many replicas of a service are wanted. */
type Replicas = Readonly<Record<string, number>>;

export function hasOtherReplicas(system: System, wanted: Replicas): boolean {
  return Object.entries(wanted).some(([service, count]) => replicasOf(system, service) !== count);
}

/** Gives a running system other replicas. Its faults end, and its services start again. */
export async function changeReplicas(
  {system, faults}: Live,
  wanted: Replicas,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const {topology} = system.plan;
  const current = Object.fromEntries(
    Object.keys(topology.services).map(service => [service, replicasOf(system, service)]),
  );
  const plan = planTopology(topology, {replicas: {...current, ...wanted}});
  await faults.clearAll();
  const changes = Object.entries(wanted).map(([service, count]) => `${service}=${count}`);
  say(`changing to ${changes.join(', ')}`);
  await system.replan(plan);
  // Callers learn the addresses of their callees when they start: all services start again.
  const services = plan.nodes.filter(node => node.kind === 'service').map(node => node.name);
  await system.stopNodes(services);
  await system.startNodes(services, []);
  await system.ready(undefined, signal);
}

function replicasOf(system: System, service: string): number {
  return system.plan.nodes.filter(node => node.service === service).length;
}
