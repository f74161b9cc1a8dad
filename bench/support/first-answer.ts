import {get} from 'node:http';

const WITHIN_MS = 60_000;

/** Settles when a URL answers 200, asked again and again over new connections. */
export async function firstAnswer(url: string): Promise<void> {
  const until = Date.now() + WITHIN_MS;
  for (;;) {
    const status = await new Promise<number | undefined>(resolve => {
      get(url, {agent: false}, response => {
        response.resume();
        resolve(response.statusCode);
      }).once('error', () => resolve(undefined));
    });
    if (status === 200) return;
    if (Date.now() > until) throw new Error(`${url} answered ${status ?? 'nothing'}.`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
