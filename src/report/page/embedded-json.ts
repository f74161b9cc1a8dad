import {Markup} from '../markup.ts';
import {visibleJson} from '../untrusted.ts';

/** JSON for a `script` element that is not run: nothing in it can end the element or begin another. */
export function embeddedJson(value: unknown): Markup {
  return Markup.own(visibleJson(JSON.stringify(value)).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e'));
}
