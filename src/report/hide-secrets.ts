/** Names whose values a report never shows: it is made to be passed around. */
const SECRET_NAME =
  /authori[sz]ation|passw(or)?d|passphrase|secret|token|cookie|api[-_]?key|private[-_]?key|credential/i;
const HIDDEN = '[hidden]';

/** The same value with what looks like a secret replaced: values under such names, passwords in addresses, bearer and JSON web tokens. */
export function hideSecrets<T>(value: T): T {
  return hidden(value) as T;
}

function hidden(value: unknown): unknown {
  if (typeof value === 'string') return hiddenInText(value);
  if (Array.isArray(value)) return value.map(hidden);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret(name, inner) ? HIDDEN : hidden(inner)]),
  );
}

/** A count of tokens is no token. */
function isSecret(name: string, value: unknown): boolean {
  return SECRET_NAME.test(name) && value !== null && typeof value !== 'number' && typeof value !== 'boolean';
}

function hiddenInText(text: string): string {
  return text
    .replace(/(:\/\/[^\s:/@]{1,200}:)[^\s@/]{1,500}@/g, `$1${HIDDEN}@`)
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`)
    .replace(/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, HIDDEN);
}
