import {readFile} from 'node:fs/promises';
import {LabError} from '../errors.ts';

/** A file of proxies and toxics, as Toxiproxy's `-config` takes it. */
export interface ToxiproxyConfig {
  readonly file: string;
  /** The body of a `/populate`. */
  readonly text: string;
}

/** Looks only whether it is a list: what is in it is for the API to judge, which knows the links. Errors: BAD_TOXIPROXY_CONFIG. */
export async function readToxiproxyConfig(file: string): Promise<ToxiproxyConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw wrong(file, `cannot be read: ${(error as Error).message}`, error);
  }
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw wrong(file, `is not JSON: ${(error as Error).message}`, error);
  }
  if (!Array.isArray(list)) throw wrong(file, 'is not a list of proxies');
  return {file, text};
}

/** Opens what the file names, with its toxics, or nothing of it. What is there as it is wanted stays. Errors: BAD_TOXIPROXY_CONFIG. */
export async function populate({file, text}: ToxiproxyConfig, url: string, signal: AbortSignal): Promise<void> {
  const reply = await fetch(`${url}/populate`, {method: 'POST', body: text, signal});
  if (reply.ok) return;
  const {error = reply.statusText, hint} = (await reply.json().catch(() => ({}))) as {error?: string; hint?: string};
  throw wrong(file, ['is refused, and nothing of it is in force:', error, hint].filter(Boolean).join(' '));
}

function wrong(file: string, what: string, cause?: unknown): LabError {
  return new LabError('BAD_TOXIPROXY_CONFIG', `${file} ${what.replace(/\.$/, '')}.`, {cause});
}
