/**
 * Characters that are not seen, or that change how others are read: controls besides tab and newline, marks of direction (they let a text pose as
 * another), separators of lines, halves of surrogate pairs, what is no character at all.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\p{Surrogate}\u{e0000}-\u{e007f}]/gu;

/** The text with everything that is not seen written as `\u{202e}`. Windows' line ends become plain ones. */
export function visible(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSEEN, character => `\\u{${codeOf(character)}}`);
}

/** JSON that means the same, with everything that is not seen as JSON's own escapes. */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN, character =>
    [...Array(character.length).keys()]
      .map(index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** At most `charactersMax` characters and `linesMax` lines, and how much was left out. */
export function shortened(text: string, charactersMax: number, linesMax = Number.POSITIVE_INFINITY): string {
  // Only as much as could be shown is taken apart: a text may be very long.
  const cut = [...text.slice(0, 2 * charactersMax)].slice(0, charactersMax).join('');
  const lines = cut.split('\n');
  const kept = lines.length > linesMax ? lines.slice(0, linesMax).join('\n') : cut;
  const left = text.length - kept.length;
  return left === 0 ? text : `${kept}… (${left.toLocaleString('en-US')} more characters)`;
}

/** On one line, at most `charactersMax` characters. */
export function oneLine(text: string, charactersMax: number): string {
  const line = text
    .slice(0, 4 * charactersMax)
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= charactersMax ? line : `${characters.slice(0, charactersMax - 1).join('')}…`;
}

/** Any value as people read it: text as it is, everything else as JSON. */
export function valueText(value: unknown, indent?: number): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, undefined, indent) ?? 'nothing';
}

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
