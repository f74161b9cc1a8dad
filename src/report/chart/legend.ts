import {type Markup, markup} from '../markup.ts';
import {px, textWidth} from './plot.ts';

const SAMPLE = 26;
const BETWEEN = 16;

/** A sample of each line beside its name, in one row that begins at `left` or ends at `right`. */
export function legend(
  lines: readonly {readonly label: string; readonly look: string}[],
  place: {readonly y: number; readonly left?: number; readonly right?: number},
): Markup {
  const widths = lines.map(({label}) => SAMPLE + 5 + textWidth(label) * 0.9);
  const whole = widths.reduce((sum, width) => sum + width, BETWEEN * Math.max(0, lines.length - 1));
  let x = place.left ?? (place.right ?? 0) - whole;
  return markup`<g class="legend">${lines.map(({label, look}, index) => {
    const at = px(x);
    x += (widths[index] ?? 0) + BETWEEN;
    return markup`<path class="line ${look}" d="M${at},${place.y - 4}h${SAMPLE}"/><text x="${at + SAMPLE + 5}" y="${place.y}">${label}</text>`;
  })}</g>`;
}
