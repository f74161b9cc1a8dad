import type {Markup} from '../markup.ts';
import type {TimeScale} from './time-scale.ts';

/** What all strips of a chart share: one width and one scale of time, so that a moment is at one x in all of them. */
export interface Plot {
  readonly width: number;
  /** Where the measured area begins and ends, px. */
  readonly left: number;
  readonly right: number;
  readonly time: TimeScale;
  /** Put before the ids of patterns: two charts in one document must not share them. */
  readonly prefix: string;
}

/** A rectangle to draw in, px. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One horizontal part of a chart: a panel, a lane, an axis. */
export interface Strip {
  /** px. */
  readonly height: number;
  draw(top: number): Markup;
}

/** px per character of the small text in charts, an upper estimate: what is placed by it must fit in every font. */
const CHARACTER_WIDTH = 6.9;

export function textWidth(text: string): number {
  return [...text].length * CHARACTER_WIDTH;
}

/** As many characters as fit, with an ellipsis where some do not. */
export function fitted(text: string, width: number): string {
  const characters = [...text];
  const most = Math.max(1, Math.floor(width / CHARACTER_WIDTH));
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** Coordinates with a tenth of a pixel: more only makes files larger. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
