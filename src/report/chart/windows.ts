import {type Markup, markup} from '../markup.ts';
import {type Area, type Plot, px, textWidth} from './plot.ts';

/** A stretch of time that is shaded through all panels. */
export interface Window {
  readonly id: string;
  readonly title: string;
  /** Unix ms. */
  readonly from: number;
  readonly to: number;
  /** Of `WINDOW_PATTERNS`, so that windows differ by more than their place. */
  readonly pattern: number;
}

/** Each pattern is drawn in its own direction: they can be told apart where they overlap, and without colours. */
const STROKES = ['M-2,2l4,-4M0,8l8,-8M6,10l4,-4', 'M-2,6l4,4M0,0l8,8M6,-2l4,4', 'M0,4h8', 'M4,0v8'] as const;
export const WINDOW_PATTERNS = STROKES.length;

export function windowPatterns(prefix: string): Markup {
  return markup`<defs>${STROKES.map(
    (
      stroke,
      index,
    ) => markup`<pattern id="${prefix}-hatch-${index}" width="8" height="8" patternUnits="userSpaceOnUse"><path class="hatch hatch-${index}" d="${stroke}"/></pattern>
`,
  )}</defs>
`;
}

/** Shades windows in an area. */
export function shadeWindows(plot: Plot, windows: readonly Window[], {top, bottom}: Area): Markup {
  return markup`${windows.map(window => {
    const {x, width} = placeOf(plot, window);
    const place = markup`x="${x}" y="${top}" width="${width}" height="${bottom - top}"`;
    return markup`<g class="window window-${window.pattern}" data-window="${window.id}"><title>${window.title}</title>
<rect class="shade" ${place}/><rect class="hatching" fill="url(#${plot.prefix}-hatch-${window.pattern})" ${place}/>
<path class="edge" d="M${x + 0.5},${top}V${bottom}M${px(x + width - 0.5)},${top}V${bottom}"/></g>
`;
  })}`;
}

/** The ids of windows at the top of an area, of those that are wide enough. */
export function nameWindows(plot: Plot, windows: readonly Window[], {top}: Area): Markup {
  return markup`${windows.map(window => {
    const {x, width} = placeOf(plot, window);
    return (
      width > textWidth(window.id) + 6 &&
      markup`<text class="window-id" x="${x + 4}" y="${top + 12}">${window.id}</text>
`
    );
  })}`;
}

/** What is shorter than a pixel must still be seen. */
function placeOf(plot: Plot, {from, to}: Window): {readonly x: number; readonly width: number} {
  const x = plot.time.x(from);
  return {x: px(x), width: px(Math.max(1, plot.time.x(to) - x))};
}
