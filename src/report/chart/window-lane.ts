import {markup} from '../markup.ts';
import {fitted, type Plot, px, type Strip, textWidth} from './plot.ts';
import type {Window} from './windows.ts';

/** A window with a row of its own that names it. */
export interface WindowRow extends Window {
  readonly label: string;
  /** When it was to end; null: at no set time. */
  readonly plannedTo: number | null;
}

const ROW = 30;
const HEADER = 22;
const BAR = 9;
/** Labels are bold. */
const LABEL_WIDER = 1.1;

/** One row per window, its name above its bar, and a dashed line to where it was to end if it did not last so long. */
export function windowLane(plot: Plot, title: string, rows: readonly WindowRow[], more: string | undefined): Strip {
  return {
    height: HEADER + rows.length * ROW + (more === undefined ? 0 : 18) + 8,
    draw: top => markup`<g class="lane" data-panel="windows"><text class="panel-title" x="0" y="${top + 14}">${title}</text>
${rows.map((row, index) => {
  const y = top + HEADER + index * ROW;
  const from = px(plot.time.x(row.from));
  const to = px(Math.max(from + 2, plot.time.x(row.to)));
  const planned = row.plannedTo === null ? to : px(plot.time.x(row.plannedTo));
  const label = fitted(row.label, plot.width / LABEL_WIDER);
  const x = px(Math.max(0, Math.min(from, plot.width - textWidth(label) * LABEL_WIDER)));
  const place = markup`x="${from}" y="${y + 16}" width="${px(to - from)}" height="${BAR}"`;
  return markup`<g class="window bar window-${row.pattern}" data-window="${row.id}"><title>${row.title}</title>
<line class="track" x1="${plot.left}" x2="${plot.right}" y1="${y + 20.5}" y2="${y + 20.5}"/>
${planned > to + 1 && markup`<path class="planned" d="M${to},${y + 20.5}H${planned}m0,-5v10"/>`}
<rect class="shade" ${place}/><rect class="hatching" fill="url(#${plot.prefix}-hatch-${row.pattern})" ${place}/><rect class="outline" ${place}/>
<text class="window-label" x="${x}" y="${y + 11}">${label}</text></g>
`;
})}${more !== undefined && markup`<text x="0" y="${top + HEADER + rows.length * ROW + 12}">${more}</text>`}</g>
`,
  };
}
