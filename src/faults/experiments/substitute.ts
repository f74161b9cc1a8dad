import {isRecord} from './mistakes.ts';

/** `$$`, `$name` and `${name}`: Python's `string.Template`, which Chaos Toolkit uses. */
const PLACE = /\$(?:(\$)|([a-z_][a-z0-9_]*)|\{([a-z_][a-z0-9_]*)\})/gi;
const WHOLE = /^\$(?:([a-z_][a-z0-9_]*)|\{([a-z_][a-z0-9_]*)\})$/i;

export interface Substitution {
  readonly values: Readonly<Record<string, unknown>>;
  /** Leaves `$$` as it is, for a later substitution to make one dollar of. */
  readonly keepEscapes?: boolean;
}

/**
 * Fills in `${name}` everywhere in a value. Names that nobody has set stay as they are, since shells have such words too; a text that is
 * one name and nothing else becomes the value itself, with its type. Where nothing is set at all, nothing is touched.
 */
export function substitute(value: unknown, substitution: Substitution): unknown {
  if (Object.keys(substitution.values).length === 0) return value;
  if (typeof value === 'string') return fill(value, substitution);
  if (Array.isArray(value)) return value.map(each => substitute(each, substitution));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, substitute(each, substitution)]));
  return value;
}

function fill(text: string, {values, keepEscapes = false}: Substitution): unknown {
  const whole = WHOLE.exec(text);
  const only = whole?.[1] ?? whole?.[2];
  if (only !== undefined && Object.hasOwn(values, only)) return values[only];
  return text.replaceAll(PLACE, (found, escaped: string | undefined, bare?: string, braced?: string) => {
    if (escaped !== undefined) return keepEscapes ? found : '$';
    const name = bare ?? braced ?? '';
    return Object.hasOwn(values, name) ? textOf(values[name]) : found;
  });
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
