import type {LinkStatus, NodeState, NodeStatus, StatusReport} from '../../controller/protocol.ts';
import {ms, percent} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {block, counted} from '../output/text.ts';
import {roughSize} from '../parse/size.ts';
import {faultRows} from './fault.ts';

const LOOK: Readonly<Record<NodeState, {readonly mark: string; readonly colour: 'good' | 'warn' | 'bad' | 'faint'}>> = {
  ready: {mark: '✔', colour: 'good'},
  starting: {mark: '…', colour: 'warn'},
  degraded: {mark: '!', colour: 'warn'},
  paused: {mark: '‖', colour: 'warn'},
  crashed: {mark: '✖', colour: 'bad'},
  stopped: {mark: '-', colour: 'faint'},
};

/** Columns from which on there is room for what links have carried. */
const TRAFFIC_WIDTH_MIN = 90;

export interface RenderOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Unix ms, for times left. */
  readonly now: number;
}

/** The running system for people: nodes, links, faults, how to reach it. */
export function renderStatus(status: StatusReport, options: RenderOptions): string[] {
  const {width, paint} = options;
  const heading = paint.faint;
  const lines = [
    `${paint.strong('System')} ${status.session}: ${status.runtime} runtime, controller ${status.controller.pid}`,
    ...block(status.workspace, width, '       '),
  ];
  if (status.check !== null)
    lines.push(paint.accent(`A check of ${status.check.lab} is running (${status.check.phase}).`));
  const faulty = status.links.filter(link => link.toxics.length > 0).length;
  lines.push(
    '',
    ...table([['NODE', 'STATE', 'PID', 'MEMORY', 'ADDRESS'], ...status.nodes.map(node => nodeRow(node, paint))], {
      width,
      heading,
      right: [2, 3],
    }),
    '',
    ...table(
      withTraffic(
        [['LINK', 'ADDRESS', 'P50', 'P99', 'ERRORS', 'TOXICS'], ...status.links.flatMap(link => linkRows(link, paint))],
        status.links,
        width,
      ),
      {width, heading, right: [2, 3, 4, ...(width < TRAFFIC_WIDTH_MIN ? [] : [5])]},
    ),
    '',
  );
  if (status.faults.length === 0) lines.push(faulty === 0 ? 'No faults in force.' : 'No faults in the record.');
  else
    lines.push(
      ...table([['FAULT', 'KIND', 'TARGET', 'LEFT', 'EFFECT'], ...faultRows(status.faults, options)], {
        width,
        heading,
        right: [3],
      }),
    );
  lines.push('', ...status.urls.gateway.map(url => `Gateway   ${paint.accent(url)}`));
  const {toxiproxyApi} = status.urls;
  if (toxiproxyApi !== undefined) lines.push(`Toxiproxy ${paint.accent(toxiproxyApi)}`);
  if (status.connect.length > 0) lines.push('Connect', ...status.connect.map(line => `  ${line}`));
  return lines;
}

/** `✔ ready`, and how often it was started again. */
export function stateText({state, restarts}: Pick<NodeStatus, 'state' | 'restarts'>, paint: Paint): string {
  const {mark, colour} = LOOK[state];
  return paint[colour](`${mark} ${state}`) + (restarts === 0 ? '' : `, ${counted(restarts, 'restart')}`);
}

function nodeRow(node: NodeStatus, paint: Paint): string[] {
  return [
    node.name,
    stateText(node, paint),
    node.pid === undefined ? (node.container?.slice(0, 12) ?? '-') : String(node.pid),
    node.rssBytes === undefined ? '-' : roughSize(node.rssBytes),
    // A database's whole line to copy stands below.
    node.url.replace(/^postgres:\/\/[^@]*@/, ''),
  ];
}

/** With what each link has carried so far, both ways, before the last column, where there is room. */
function withTraffic(rows: readonly string[][], links: readonly LinkStatus[], width: number): string[][] {
  if (width < TRAFFIC_WIDTH_MIN) return [...rows];
  const carried = new Map(
    links.map(({name, traffic: {bytes}}) => [name, roughSize(bytes.upstream + bytes.downstream)] as const),
  );
  return rows.map((row, index) => [
    ...row.slice(0, -1),
    index === 0 ? 'CARRIED' : (carried.get(row[0] ?? '') ?? ''),
    row.at(-1) ?? '',
  ]);
}

/** A link's own line; where it has several listeners, one line for each below it. */
function linkRows(link: LinkStatus, paint: Paint): string[][] {
  const {http} = link;
  const figures =
    http === undefined || http.ratePerSecond === 0
      ? ['-', '-', '-']
      : [ms(http.p50), ms(http.p99), percent(http.errorShare)];
  const kinds = [...new Set(link.toxics.map(({kind}) => kind))];
  const closed = link.proxies.length > 0 && link.proxies.every(({listening}) => !listening);
  const state = [...(closed ? ['closed'] : []), ...kinds].join(', ');
  const rows = [[link.name, link.address, ...figures, state === '' ? '-' : paint.warn(state)]];
  if (link.proxies.length < 2) return rows;
  return [
    ...rows,
    ...link.proxies.map(proxy => {
      const own = kinds.filter(kind =>
        link.toxics.some(toxic => toxic.kind === kind && proxy.toxics.includes(toxic.id)),
      );
      return [
        paint.faint(`  ${proxy.name}`),
        proxy.address,
        '',
        '',
        '',
        [...(proxy.listening ? [] : ['closed']), ...own].join(', '),
      ];
    }),
  ];
}
