import {type Markup, markup} from '../markup.ts';
import {type Plot, px, type Strip} from './plot.ts';

/** Something that happened at a moment. Its shape says what it is, and a cross that it went wrong. */
export interface Mark {
  readonly at: number;
  readonly to: number;
  readonly shape: 'action' | 'probe' | 'check';
  readonly went: 'well' | 'wrong' | 'stopped';
  readonly title: string;
}

const ROW = 34;
const HEADER = 22;
const SIZE = 5;
/** Large enough for a cross inside. */
const WRONG_SIZE = 7;

/** Rows of marks, each row with its name on the left. */
export function markLane(
  plot: Plot,
  title: string,
  rows: readonly {readonly label: string; readonly marks: readonly Mark[]}[],
): Strip {
  return {
    height: HEADER + rows.length * ROW + 8,
    draw: top => markup`<g class="lane" data-panel="marks"><text class="panel-title" x="0" y="${top + 14}">${title}</text>
${legendOf(plot, top)}
${rows.map(({label, marks}, index) => {
  const y = Math.round(top + HEADER + index * ROW);
  return markup`<text class="row-label" x="0" y="${y + 10}">${label}</text>
<line class="track" x1="${plot.left}" x2="${plot.right}" y1="${y + 22.5}" y2="${y + 22.5}"/>
${worstLast(marks).map(mark => drawMark(plot, mark, y + 22.5))}`;
})}</g>
`,
  };
}

/** Where marks lie on each other, what went wrong is on top. */
function worstLast(marks: readonly Mark[]): readonly Mark[] {
  return [...marks.filter(({went}) => went === 'well'), ...marks.filter(({went}) => went !== 'well')];
}

function drawMark(plot: Plot, mark: Mark, y: number): Markup {
  const x = px(plot.time.x(mark.at));
  const to = px(plot.time.x(mark.to));
  return markup`<g class="mark mark-${mark.went}" data-mark="${mark.shape}"><title>${mark.title}</title>
${to - x > 2 * SIZE && markup`<path class="lasts" d="M${x},${y}H${to}m0,-4v8"/>`}${symbol(mark, x, y)}</g>
`;
}

function symbol({shape, went}: Pick<Mark, 'shape' | 'went'>, x: number, y: number): Markup {
  const wrong = went !== 'well';
  return markup`<path class="symbol" d="${outlineOf(shape, x, y, wrong ? WRONG_SIZE : SIZE)}"/>${wrong && markup`<path class="cross" d="M${x - 2.5},${y - 2.5}l5,5m0,-5l-5,5"/>`}`;
}

function outlineOf(shape: Mark['shape'], x: number, y: number, size: number): string {
  if (shape === 'action') return `M${x - size},${y - size}L${x + size + 1},${y}L${x - size},${y + size}Z`;
  if (shape === 'probe') return `M${x},${y - size - 1}L${x + size + 1},${y}L${x},${y + size + 1}L${x - size - 1},${y}Z`;
  return `M${x - size},${y}a${size},${size} 0 1 0 ${2 * size},0a${size},${size} 0 1 0 ${-2 * size},0Z`;
}

/** Only where there is room: the shapes are also named when one points at them. */
function legendOf(plot: Plot, top: number): Markup | false {
  const entries = [
    ['check', 'well', 'hypothesis'],
    ['action', 'well', 'action'],
    ['probe', 'well', 'probe'],
    ['check', 'wrong', 'went wrong'],
  ] as const;
  const step = 104;
  const from = plot.right - step * entries.length + 20;
  if (from < 200) return false;
  return markup`<g class="legend">${entries.map(([shape, went, label], index) => {
    const x = from + index * step;
    return markup`<g class="mark mark-${went}">${symbol({shape, went}, x, top + 10)}</g><text x="${x + 12}" y="${top + 14}">${label}</text>`;
  })}</g>`;
}
