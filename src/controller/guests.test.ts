import {describe, expect, it} from 'vitest';
import type {Row} from '../../services/kit/database.ts';
import {defaultTopology} from '../topology/default.ts';
import {othersDatabases, ownDatabase} from '../topology/own-database.ts';
import {admitGuests, guestAccess} from './guests.ts';

const plain = defaultTopology();
const joined = {...plain, links: [...plain.links, {from: 'stream', to: 'identity-db', protocol: 'postgres'} as const]};
const access = (node: string) => ({
  address: {host: '127.0.0.1', port: 1},
  user: node.replace('-db', ''),
  password: `secret of ${node}`,
  database: node.replace('-db', ''),
});

describe('guests of databases', () => {
  it('are services that are linked to a database of another', () => {
    expect(ownDatabase(joined, 'stream')).toBe('stream-db');
    expect(othersDatabases(joined, 'stream')).toEqual(['identity-db']);
    expect(othersDatabases(plain, 'stream')).toEqual([]);
    expect(ownDatabase(plain, 'gateway')).toBeUndefined();
  });

  it('come as themselves, with the password of their own database', () => {
    expect(guestAccess(access('stream-db'), access('identity-db'))).toMatchObject({
      user: 'stream',
      password: 'secret of stream-db',
      database: 'identity',
    });
  });

  it('get a role without rights, after those of earlier ones are gone', async () => {
    const asked: string[] = [];
    const postgres = {
      query: async <R extends Row>(node: string, text: string): Promise<readonly R[]> => {
        asked.push(`${node}: ${text.trim().split('\n')[0]}`);
        const rows: readonly Row[] = text.includes('pg_roles') && node === 'identity-db' ? [{name: 'stream'}] : [];
        return rows as readonly R[];
      },
    };
    await admitGuests(joined, {postgres: access}, postgres);
    expect(asked.filter(line => !line.includes('select'))).toEqual([
      'identity-db: grant stream to current_user; drop owned by stream cascade; drop role stream',
      `identity-db: create role "stream" login password 'secret of stream-db'`,
    ]);
  });
});
