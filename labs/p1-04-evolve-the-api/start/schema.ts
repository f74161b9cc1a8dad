import type {CreateSchema} from 'teralab/own/seams/schema';

const PROFILES = {
  name: '001-profiles',
  up: 'create table profiles (id text primary key, fullname text not null, city text not null)',
  down: 'drop table profiles',
};
const RENAMED = {
  name: '002-renamed',
  up: 'alter table profiles rename column fullname to display_name; alter table profiles add column pronouns text',
  down: 'alter table profiles drop column pronouns; alter table profiles rename column display_name to fullname',
};

/** What runs today is the release with the empty name; `add`, `migrate` and `remove` come after it. */
export const createSchema: CreateSchema = ({release}) => (release === '' ? [PROFILES] : [PROFILES, RENAMED]);
