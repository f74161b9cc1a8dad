import {jsonObject} from '../../src/labs/accounts.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import type {Final, Setup} from './evidence.ts';

/** Names as identity has them, and as both replicas of stream show them. */
export async function compare(tools: LabTools, {old, people}: Setup): Promise<Pick<Final, 'source' | 'copies'>> {
  const rows = await tools.sql<{id: string; name: string}>(
    'identity-db',
    'select id, name from accounts where closed_at is null',
  );
  const ids = [...old, ...people.map(({account}) => account)];
  const copies: Record<string, string | null>[] = [];
  // Replicas answer in turn; each is asked for everything, whoever begins.
  for (const part of [0, 1]) {
    const copy: Record<string, string | null> = {};
    for (let from = 0; from < ids.length; from += 84) {
      const wanted = ids.slice(from, from + 84);
      const query = wanted.map(id => `id=${encodeURIComponent(id)}`).join('&');
      const {body} = await tools.http('GET', `/v1/named-activity?${query}`);
      for (const id of wanted) copy[id] = null;
      for (const {account, name} of itemsOf(JSON.stringify(body))) copy[account] = name;
    }
    copies[part] = copy;
  }
  return {source: Object.fromEntries(rows.map(({id, name}) => [id, name])), copies};
}

interface Item {
  readonly account: string;
  readonly name: string | null;
}

function itemsOf(body: string | undefined): readonly Item[] {
  const items = jsonObject(body)?.items;
  return Array.isArray(items) ? (items as readonly Item[]) : [];
}
