import {visible} from './untrusted.ts';

/** HTML or SVG that is safe as it stands. Only `markup` makes it, and text becomes it by being escaped. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** For text of our own that is no markup of elements: a style sheet, a script. It is not escaped. */
  static own(text: string): Markup {
    return new Markup(text);
  }
}

/** What may stand in a template. `false`, `null` and `undefined` leave nothing; lists are put together without a separator. */
export type MarkupValue = Markup | string | number | false | null | undefined | readonly MarkupValue[];

/**
 * A template whose values are escaped unless they are markup themselves, so that nothing from a journal becomes an element. Values of attributes
 * have to stand in double quotes.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return Markup.own(parts.map((part, index) => part + asText(values[index])).join(''));
}

/** Escapes for text and for attributes in quotes; what would not be seen is made visible. */
export function escapeText(text: string): string {
  return visible(text).replace(/[&<>"']/g, character => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function asText(value: MarkupValue): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  return typeof value === 'string' ? escapeText(value) : value.map(asText).join('');
}
