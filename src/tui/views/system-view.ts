import type {LinkStatus, NodeStatus} from '../../controller/protocol.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import {NODE_LOOK} from '../looks.ts';
import {faultsInForce} from '../select.ts';
import type {ScreenState, SystemState} from '../state.ts';
import {column, truncate, wrap} from '../text/fit.ts';
import {clean, EMPTY, type Line, lineCells, plain, span} from '../text/line.ts';
import {bytes, milliseconds, rate, seconds, share} from './figures.ts';
import type {PaneView} from './pane-view.ts';

/** The running system: nodes, links with their figures, faults with the time that they have left. */
export function systemView(state: ScreenState, width: number): PaneView {
  const {system} = state;
  const {status} = system;
  if (system.state !== 'up' || status === null) return {title: 'System', lines: startLines(system, state.now, width)};
  const nameWidth = Math.min(Math.max(...status.nodes.map(({name}) => name.length), 4), width - 20);
  const faults = faultsInForce(state);
  const lines = [
    plain('Nodes', 'strong'),
    ...status.nodes.map(node => nodeLine(node, nameWidth, width)),
    EMPTY,
    ...linkLines(status.links, width),
    EMPTY,
    plain(faults.length === 0 ? 'Faults: none in force' : 'Faults in force', 'strong'),
    ...faults.flatMap(fault => faultLines(fault, state.now, width)),
    EMPTY,
    ...status.urls.gateway.map(url => truncate([span('open  ', 'faint'), span(url, 'info')], width)),
    ...connectLines(status.connect, width),
  ];
  return {title: 'System', lines};
}

export function timeLeft({endsAt}: Pick<FaultRecord, 'endsAt'>, now: number): string {
  return endsAt === null ? 'until cleared' : `${Math.max(0, Math.ceil((endsAt - now) / 1000))} s left`;
}

function startLines(system: SystemState, now: number, width: number): Line[] {
  const lines: Line[] = [];
  if (system.state === 'failed') {
    lines.push(plain('✖ the system is not up', 'bad'));
    if (system.error !== null) {
      lines.push(
        ...wrap(
          [span(`${system.error.code} `, 'strong'), span(clean(system.error.message).replaceAll('\n', ' '))],
          width,
        ),
      );
      lines.push(...wrap(plain(system.error.fix, 'info'), width), EMPTY, plain('press u to try again'));
    }
  } else {
    lines.push(plain(`◐ starting the system, ${seconds(now - system.startedAt)}`, 'info'));
    if (system.share !== undefined) lines.push(plain(bar(system.share, Math.min(width, 30)), 'info'));
  }
  if (system.progress.length > 0)
    lines.push(EMPTY, ...system.progress.slice(-12).flatMap(text => wrap(plain(clean(text), 'faint'), width, '  ')));
  return lines;
}

/** Lines to copy are of use only in one piece; the command prints those that there is no room for. */
function connectLines(connect: readonly string[], width: number): Line[] {
  const lines = connect.map(line => plain(clean(line), 'faint'));
  const fitting = lines.filter(line => lineCells(line) <= width);
  return fitting.length === lines.length
    ? fitting
    : [...fitting, truncate(plain('`teralab status` prints how to connect', 'faint'), width)];
}

function nodeLine(node: NodeStatus, nameWidth: number, width: number): Line {
  const look = NODE_LOOK[node.state];
  const restarts = `${node.restarts} restart${node.restarts === 1 ? '' : 's'}`;
  const memory = node.rssBytes === undefined ? '' : bytes(node.rssBytes);
  return truncate(
    [
      span(`${look.mark} `, look.tone),
      span(`${column(node.name, nameWidth)} `),
      span(column(look.word, 9), look.tone),
      span(node.restarts === 0 ? column('', 11) : column(restarts, 11), 'warn'),
      span(memory, 'faint'),
    ],
    width,
  );
}

function linkLines(links: readonly LinkStatus[], width: number): Line[] {
  const nameWidth = Math.min(Math.max(...links.map(({name}) => name.length), 5), width - FIGURES_WIDTH);
  const roomy = nameWidth >= Math.min(18, Math.max(...links.map(({name}) => name.length), 5));
  const head = `${column('p50', 7, 'right')}${column('p99', 7, 'right')}${column('rate', 8, 'right')}${column('errors', 7, 'right')}`;
  const lines: Line[] = roomy
    ? [[span(column('Links', nameWidth), 'strong'), span(head, 'faint')]]
    : [plain('Links', 'strong'), plain(`  ${head}`, 'faint')];
  for (const link of links) {
    const {http} = link;
    const figures =
      http === undefined || http.ratePerSecond === 0
        ? [span(column('-', 7, 'right'), 'faint')]
        : [
            span(`${column(milliseconds(http.p50), 7, 'right')}${column(milliseconds(http.p99), 7, 'right')}`),
            span(column(rate(http.ratePerSecond), 8, 'right')),
            span(column(share(http.errorShare), 7, 'right'), http.errorShare > 0 ? 'bad' : undefined),
          ];
    if (roomy) lines.push([span(column(link.name, nameWidth)), ...figures]);
    else lines.push(truncate(plain(link.name), width), [span('  '), ...figures]);
    const toxics = [...new Set(link.toxics.map(({kind}) => kind))];
    if (toxics.length > 0)
      lines.push(truncate([span('  ! ', 'warn'), span(`toxic: ${toxics.join(', ')}`, 'warn')], width));
  }
  return lines;
}

function faultLines(fault: FaultRecord, now: number, width: number): Line[] {
  const lines = wrap(
    [span(`! ${fault.kind} `, 'warn'), span(`${fault.target} `), span(timeLeft(fault, now), 'strong')],
    width,
    '  ',
  );
  const effect =
    fault.effect === undefined
      ? []
      : wrap(plain(`  ${fault.effect.verdict}: ${clean(fault.effect.observed)}`, 'faint'), width, '    ');
  return [...lines, ...effect];
}

export function bar(value: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, value)) * (width - 2));
  return `[${'='.repeat(full)}${' '.repeat(width - 2 - full)}]`;
}

const FIGURES_WIDTH = 29;
