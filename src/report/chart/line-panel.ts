import {line} from 'd3-shape';
import {grouped} from '../figures.ts';
import {type Markup, markup} from '../markup.ts';
import {legend} from './legend.ts';
import {type Area, type Plot, px, type Strip, textWidth} from './plot.ts';
import {timeGrid} from './time-axis.ts';
import {createValueScale, type ValueScale} from './value-scale.ts';

/** One line of a panel. `look` is a class of the style sheet, with a dash of its own. */
export interface Line {
  readonly label: string;
  readonly look: string;
  /** In order of time; null where nothing was measured: the line is broken there. */
  readonly points: readonly {readonly at: number; readonly value: number | null}[];
}

export interface LinePanelOptions {
  readonly name: string;
  /** `throughput`, and in which unit: `operations/s`. */
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly scale: 'linear' | 'auto';
  readonly least: number;
  readonly plotHeight: number;
  /** What time is counted from, unix ms. */
  readonly origin: number;
  /** Stretches without any measurement. */
  readonly gaps: readonly {readonly from: number; readonly to: number}[];
  /** Drawn behind the lines, and in front of them: shaded windows, and their names. */
  readonly behind?: (area: Area) => Markup;
  readonly before?: (area: Area) => Markup;
}

const HEADER = 22;
/** A line of text is this high. */
const UPRIGHT_MIN = 13;
const BELOW = 14;
/** Above the largest value, for the names of windows. */
const HEADROOM = 16;
/** Titles are bold. */
const TITLE_WIDER = 1.1;

/** A panel with a title, a legend, a scale of its own and the shared time. */
export function linePanel(plot: Plot, options: LinePanelOptions): Strip {
  const values = options.lines.flatMap(({points}) => points.flatMap(({value}) => value ?? []));
  const heading = (kind: ValueScale['kind']): string =>
    `${options.title}, ${options.unit}${kind === 'log' ? ', log scale' : ''}`;
  // The legend has a row of its own where both do not fit into one.
  const legendWidth = options.lines.reduce((sum, {label}) => sum + textWidth(label) + 44, 0);
  const rows = plot.right < textWidth(heading('log')) * TITLE_WIDER + legendWidth ? 2 : 1;
  const header = HEADER + (rows - 1) * 17;
  return {
    height: header + options.plotHeight + BELOW,
    draw: top => {
      const area = {left: plot.left, right: plot.right, top: top + header, bottom: top + header + options.plotHeight};
      const scale = createValueScale(values, {
        top: area.top + HEADROOM,
        bottom: area.bottom,
        kind: options.scale,
        least: options.least,
      });
      return markup`<g class="panel" data-panel="${options.name}">
<text class="panel-title" x="0" y="${top + 14}">${heading(scale.kind)}</text>
${legend(options.lines, {y: top + 14 + (rows - 1) * 17, ...(rows === 1 ? {right: plot.right} : {left: 0})})}
${timeGrid(plot, options.origin, area)}${valueAxis(scale, area)}${options.behind?.(area)}${emptyStretches(plot, options, area)}
${options.lines.map(
  one => markup`<path class="line ${one.look}" data-line="${one.label}" d="${pathOf(plot, scale, one)}"/>
`,
)}${options.before?.(area)}</g>
`;
    },
  };
}

function pathOf(plot: Plot, scale: ValueScale, {points}: Line): string {
  const path = line<Line['points'][number]>()
    .defined(({value}) => value !== null && Number.isFinite(value))
    .x(({at}) => plot.time.x(at))
    .y(({value}) => scale.y(value ?? 0))
    .digits(1);
  return path(points) ?? '';
}

function valueAxis({ticks, y}: ValueScale, {left, right, bottom}: Area): Markup {
  return markup`${ticks.map(value => {
    const at = px(y(value));
    return markup`<line class="${at >= bottom ? 'axis' : 'grid'}" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text class="value" x="${left - 6}" y="${at + 4}" text-anchor="end">${grouped(value)}</text>
`;
  })}`;
}

/** A gap is said, since a line that is not there could as well be one that was forgotten. In a narrow one the words stand upright. */
function emptyStretches(plot: Plot, {gaps}: LinePanelOptions, {top, bottom}: Area): Markup {
  return markup`${gaps.map(({from, to}) => {
    const x = px(plot.time.x(from));
    const width = px(Math.max(0, plot.time.x(to) - plot.time.x(from)));
    return markup`<g class="gap"><title>nothing was measured here</title><rect x="${x}" y="${top}" width="${width}" height="${bottom - top}"/>${gapText(
      {left: x, right: x + width, top, bottom},
    )}</g>
`;
  })}`;
}

function gapText({left, right, top, bottom}: Area): Markup | false {
  const fits = (room: number) => ['nothing measured', 'no data'].find(words => textWidth(words) + 6 < room);
  const lying = fits(right - left);
  const upright = right - left >= UPRIGHT_MIN ? fits(bottom - top) : undefined;
  const [x, y] = [px((left + right) / 2), px((top + bottom) / 2)];
  if (lying !== undefined) return markup`<text x="${x}" y="${y + 4}" text-anchor="middle">${lying}</text>`;
  return (
    upright !== undefined &&
    markup`<text x="${x}" y="${y}" dy="4" text-anchor="middle" transform="rotate(-90 ${x} ${y})">${upright}</text>`
  );
}
