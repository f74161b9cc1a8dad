import fastCheck from 'fast-check';
import {expect, it} from 'vitest';
import {statementShape} from './statement-shape.ts';

it.each([
  ['select id from accounts where id = $1', 'select accounts', 'select id from accounts where id = $1'],
  ["insert into outbox values ('it''s', 12, -3.5e4)", 'insert outbox', 'insert into outbox values (?, ?, -?)'],
  ["update t2 set a = E'a\\'b', b = 'c\\', d = 'e'", 'update t2', 'update t2 set a = ?, b = ?, d = ?'],
  [
    'select $$secret$$, $a$ $$ secret $a$, $2 -- secret\n from "my ""t" /* secret */ where 1=1',
    'select my',
    'select ?, ?, $2 from "my ""t" where ?=?',
  ],
  ["select 'never ends", 'select', 'select ?'],
  [
    'insert into a.b (id, name) select * from unnest($1)',
    'insert a.b',
    'insert into a.b (id, name) select * from unnest($1)',
  ],
  ['begin isolation level read committed', 'begin', 'begin isolation level read committed'],
  [
    'select pg_advisory_xact_lock(hashtextextended($1, 2))',
    'select',
    'select pg_advisory_xact_lock(hashtextextended($1, ?))',
  ],
])('has no value of %s', (text, name, shape) => {
  expect(statementShape(text)).toMatchObject({name, text: shape});
});

it('keeps no text that was quoted as Postgres wants it, whatever is in it', () => {
  fastCheck.assert(
    fastCheck.property(fastCheck.string(), raw => {
      const quoted = raw.replaceAll("'", "''");
      expect(statementShape(`select '${quoted}' from notes`).text).toBe('select ? from notes');
    }),
  );
});
