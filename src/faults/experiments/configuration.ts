import {isRecord, kindOf, type Mistakes, type Path} from './mistakes.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const TYPES = ['str', 'int', 'float', 'bool', 'bytes', 'json'] as const;

/** Values of `configuration`: as they stand, or from the environment as Chaos Toolkit reads it. */
export function readConfiguration(raw: unknown, environment: Environment, mistakes: Mistakes): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (raw === undefined || raw === null) return values;
  const path: Path = ['configuration'];
  const record = mistakes.record(raw, path, 'The configuration');
  for (const [name, value] of Object.entries(record ?? {})) {
    const read = isRecord(value) && 'type' in value ? readTyped(value, [...path, name], environment, mistakes) : value;
    if (read !== undefined) values[name] = read;
  }
  return values;
}

/** Secrets by name. Chaos Toolkit groups them; only the names within a group count. */
export function readSecrets(raw: unknown, environment: Environment, mistakes: Mistakes): Record<string, string> {
  const secrets: Record<string, string> = {};
  if (raw === undefined || raw === null) return secrets;
  const groups = mistakes.record(raw, ['secrets'], 'The list of secrets');
  for (const [group, entries] of Object.entries(groups ?? {})) {
    const path: Path = ['secrets', group];
    const record = mistakes.record(entries, path, `The group of secrets "${group}"`);
    for (const [name, value] of Object.entries(record ?? {})) {
      const read = typeof value === 'string' ? value : readSecret(value, [...path, name], environment, mistakes);
      if (read !== undefined) secrets[name] = read;
    }
  }
  return secrets;
}

function readSecret(value: unknown, path: Path, environment: Environment, mistakes: Mistakes): string | undefined {
  if (!isRecord(value)) return mistakes.add(path, `A secret is a text or {type: env, key}, not ${kindOf(value)}.`);
  if (value.type !== 'env')
    return mistakes.add(
      path,
      `Secrets come from the environment here ({type: env, key: NAME}); teralab asks no ${String(value.type ?? 'vault')}.`,
    );
  const read = readTyped(value, path, environment, mistakes);
  return read === undefined ? undefined : String(read);
}

function readTyped(
  value: Readonly<Record<string, unknown>>,
  path: Path,
  environment: Environment,
  mistakes: Mistakes,
): unknown {
  if (value.type === 'probe')
    return mistakes.add(
      path,
      'Configuration that is read by a probe is not supported: give the value, or {type: env, key}.',
    );
  const type = mistakes.choice(value.type, [...path, 'type'], 'The type of a value', ['env', 'probe']);
  if (type === undefined) return undefined;
  mistakes.unknownKeys(value, path, ['type', 'key', 'default', 'env_var_type'], 'A value from the environment');
  const key = mistakes.text(
    value.key,
    'key' in value ? [...path, 'key'] : path,
    'The key of a value from the environment',
  );
  if (key === undefined) return undefined;
  const found = environment[key] ?? value.default;
  if (found === undefined || found === null)
    return mistakes.add(path, `The environment has no ${key}, and no default is given.`);
  if (value.env_var_type === undefined) return found;
  const wanted = mistakes.choice(value.env_var_type, [...path, 'env_var_type'], 'The type of a variable', TYPES);
  const converted = wanted === undefined ? undefined : convert(String(found), wanted);
  if (wanted !== undefined && converted === undefined) mistakes.add(path, `The value of ${key} is no ${wanted}.`);
  return converted;
}

function convert(text: string, type: (typeof TYPES)[number]): unknown {
  switch (type) {
    case 'str':
    case 'bytes':
      return text;
    case 'int':
      return /^\s*[-+]?\d+\s*$/.test(text) ? Number(text) : undefined;
    case 'float':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'bool':
      return ['true', '1', 'yes', 'y', 'on', 't'].includes(text.trim().toLowerCase());
    case 'json':
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
  }
}
