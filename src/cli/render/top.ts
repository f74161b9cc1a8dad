import type {NodeState, StatusReport} from '../../controller/protocol.ts';
import type {RouteMetrics} from '../../observe/metric-store.ts';
import {percent} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {roughSize} from '../parse/size.ts';
import {faultRows} from './fault.ts';
import {renderMetrics} from './metrics.ts';
import {stateText} from './status.ts';

/** The system over the time between two looks. */
export interface TopLook {
  /** ISO 8601. */
  readonly at: string;
  readonly windowMs: number;
  readonly nodes: readonly TopNode[];
  /** Busiest first. */
  readonly routes: readonly RouteMetrics[];
  readonly faults: StatusReport['faults'];
}

export interface TopNode {
  readonly name: string;
  readonly service: string;
  readonly state: NodeState;
  readonly restarts: number;
  /** Of one core; null: it does not run, or was started between the looks. */
  readonly cpuShare: number | null;
  readonly rssBytes: number | null;
}

export interface TopOptions {
  readonly width: number;
  /** Lines at most; absent: all of them. */
  readonly height?: number;
  readonly paint: Paint;
  /** Unix ms, for times left. */
  readonly now: number;
}

/** What the system was like when it was looked at: CPU is what each node used since the look before. */
export function topLook(before: StatusReport, after: StatusReport, elapsedMs: number): Omit<TopLook, 'at' | 'routes'> {
  return {
    windowMs: Math.round(elapsedMs),
    nodes: after.nodes.map(node => {
      const earlier = before.nodes.find(({name}) => name === node.name);
      const usedMs = (node.cpuMs ?? Number.NaN) - (earlier?.cpuMs ?? Number.NaN);
      return {
        name: node.name,
        service: node.service,
        state: node.state,
        restarts: node.restarts,
        cpuShare: usedMs >= 0 ? usedMs / elapsedMs : null,
        rssBytes: node.rssBytes ?? null,
      };
    }),
    faults: after.faults,
  };
}

/** Nodes with what they use, then faults, then the busiest routes as far as there is room. */
export function renderTop(look: TopLook, {width, height = Number.POSITIVE_INFINITY, paint, now}: TopOptions): string[] {
  const heading = paint.faint;
  const nodes = look.nodes.map(node => [
    node.name,
    stateText(node, paint),
    node.cpuShare === null ? '-' : percent(node.cpuShare),
    node.rssBytes === null ? '-' : roughSize(node.rssBytes),
  ]);
  const lines = table([['NODE', 'STATE', 'CPU', 'MEMORY'], ...nodes], {width, heading, right: [2, 3]});
  const used = look.nodes.reduce(
    (sum, {cpuShare, rssBytes}) => ({cpu: sum.cpu + (cpuShare ?? 0), rss: sum.rss + (rssBytes ?? 0)}),
    {
      cpu: 0,
      rss: 0,
    },
  );
  lines.push(heading(`all of them: ${percent(used.cpu)} of a core, ${roughSize(used.rss)}`), '');
  if (look.faults.length === 0) lines.push('No faults in force.');
  else
    lines.push(
      ...table([['FAULT', 'KIND', 'TARGET', 'LEFT', 'EFFECT'], ...faultRows(look.faults, {width, paint, now})], {
        width,
        heading,
        right: [3],
      }),
    );
  lines.push('');
  if (look.routes.length === 0) lines.push('No requests. `teralab load` sends some.');
  else lines.push(...renderMetrics(look.routes, {width, paint}).slice(0, Math.max(2, height - lines.length)));
  return lines.slice(0, height);
}
