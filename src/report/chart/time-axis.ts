import {type Markup, markup} from '../markup.ts';
import {type Area, type Plot, px, type Strip} from './plot.ts';
import {tickText} from './time-scale.ts';

const TICK_WIDTH = 72;
const HEIGHT = 38;

/** The labels of the time that all strips above share, and what they count from. */
export function timeAxis(plot: Plot, options: {readonly origin: number; readonly title: string}): Strip {
  const ticks = ticksOf(plot, options.origin);
  const largest = Math.max(...ticks.map(at => Math.abs(at - options.origin)));
  return {
    height: HEIGHT,
    draw: top => markup`<g class="time-axis">
<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${top + 0.5}" y2="${top + 0.5}"/>
${ticks.map(at => {
  const x = px(plot.time.x(at));
  const anchor = x > plot.right - 20 ? 'end' : x < plot.left + 12 ? 'start' : 'middle';
  return markup`<line class="axis" data-axis-time="${at}" x1="${x}" x2="${x}" y1="${top}" y2="${top + 4}"/>
<text x="${x}" y="${top + 17}" text-anchor="${anchor}">${tickText(at - options.origin, largest)}</text>
`;
})}<text class="axis-title" x="${px((plot.left + plot.right) / 2)}" y="${top + 33}" text-anchor="middle">${options.title}</text>
</g>
`,
  };
}

/** The same moments as faint lines through an area. */
export function timeGrid(plot: Plot, origin: number, {top, bottom}: Area): Markup {
  return markup`${ticksOf(plot, origin).map(at => {
    const x = px(plot.time.x(at));
    return markup`<line class="grid" data-time="${at}" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>
`;
  })}`;
}

function ticksOf(plot: Plot, origin: number): readonly number[] {
  return plot.time.ticks(origin, Math.max(2, Math.floor((plot.right - plot.left) / TICK_WIDTH)));
}
