import {Agent, fetch} from 'undici';
import {LabError} from '../../errors.ts';
import type {HttpProvider} from './experiment.ts';
import {isRecord} from './mistakes.ts';
import type {HttpOutput} from './ports.ts';

/** As much of an answer as is read, bytes. */
const BODY_BYTES_MAX = 5_000_000;

/**
 * Makes one request as Chaos Toolkit's core does: on a connection of its own, following redirects; arguments are the query of a GET, and
 * the form, JSON (where the content type says so) or plain body of others. No answer within the timeout (none: five minutes) is an error,
 * a status of 4xx or 5xx is not. Errors: BAD_VALUE, with what was seen.
 */
export async function requestHttp(provider: HttpProvider, signal: AbortSignal): Promise<HttpOutput> {
  const {method, headers, timeoutMs, verifyTls} = provider;
  const agent = new Agent({pipelining: 0, connect: {rejectUnauthorized: verifyTls}});
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const url = urlOf(provider);
  try {
    const body = method === 'GET' || method === 'HEAD' ? undefined : bodyOf(provider);
    const answer = await fetch(url, {
      method,
      headers: {...body?.headers, ...headers},
      ...(body === undefined ? {} : {body: body.text}),
      dispatcher: agent,
      signal: timeout === undefined ? signal : AbortSignal.any([signal, timeout]),
    });
    const text = (await answer.text()).slice(0, BODY_BYTES_MAX);
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: parsed(text, answer.headers.get('content-type') ?? ''),
    };
  } catch (error) {
    if (timeout?.aborted === true && !signal.aborted)
      throw new LabError('BAD_VALUE', `${method} ${url} got no answer within ${timeoutMs} ms.`, {cause: error});
    throw new LabError('BAD_VALUE', `${method} ${url} got no answer: ${reasonOf(error)}.`, {cause: error});
  } finally {
    await agent.destroy();
  }
}

function urlOf({url, method, arguments: given}: HttpProvider): string {
  if ((method !== 'GET' && method !== 'HEAD') || given === undefined) return url;
  const query = typeof given === 'string' ? given : form(given);
  if (query === '') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

function bodyOf({
  arguments: given,
  headers,
}: HttpProvider): {text: string; headers: Record<string, string>} | undefined {
  if (given === undefined) return undefined;
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  if (type?.includes('json') === true)
    return {text: typeof given === 'string' ? given : JSON.stringify(given), headers: {}};
  if (typeof given === 'string') return {text: given, headers: {}};
  return {
    text: form(given),
    headers: type === undefined ? {'content-type': 'application/x-www-form-urlencoded'} : {},
  };
}

function form(given: unknown): string {
  const pairs = isRecord(given) ? Object.entries(given) : [];
  const flat = pairs.flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, String(each)]));
  return new URLSearchParams(flat).toString();
}

function parsed(text: string, type: string): unknown {
  if (!type.startsWith('application/json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const {cause} = error;
  return cause instanceof Error ? cause.message || ('code' in cause ? String(cause.code) : cause.name) : error.message;
}
