/** What the doctor found in one place. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was seen. */
  readonly found: string;
  /** What to do; null where nothing needs to be done. */
  readonly fix: string | null;
}

export function ok(name: string, found: string): Finding {
  return {name, state: 'ok', found, fix: null};
}

export function warn(name: string, found: string, fix: string): Finding {
  return {name, state: 'warn', found, fix};
}

export function fail(name: string, found: string, fix: string): Finding {
  return {name, state: 'fail', found, fix};
}
