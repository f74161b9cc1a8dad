import {type Markup, markup} from '../markup.ts';
import type {Plot, Strip} from './plot.ts';
import {windowPatterns} from './windows.ts';

/**
 * Puts strips below each other into one picture that scales with its place. `look` is its class. What it needs to find the moment below a pointer
 * stands in its data attributes.
 */
export function stack(
  plot: Plot,
  strips: readonly Strip[],
  options: {readonly look: string; readonly label: string},
): Markup {
  let top = 0;
  const drawn = strips.map(strip => {
    const part = strip.draw(top);
    top += Math.ceil(strip.height);
    return part;
  });
  return markup`<svg class="${options.look}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${plot.width} ${top}" role="img" aria-label="${options.label}" data-left="${plot.left}" data-right="${plot.right}" data-from="${plot.time.from}" data-to="${plot.time.to}">
${windowPatterns(plot.prefix)}${drawn}<line class="crosshair" x1="0" x2="0" y1="0" y2="${top - 38}" visibility="hidden"/>
</svg>
`;
}
