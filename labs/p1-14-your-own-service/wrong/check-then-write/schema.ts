import type {CreateSchema} from 'teralab/own/seams/schema';

export const createSchema: CreateSchema = () => [
  {
    name: '001-items',
    up: `create table items (
      id text primary key,
      name text not null,
      quantity int not null,
      version int not null default 1
    );
    create index items_by_name on items (name, id)`,
    down: 'drop table items',
  },
];
