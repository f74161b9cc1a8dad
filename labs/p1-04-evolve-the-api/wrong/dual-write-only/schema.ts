import type {CreateSchema} from 'teralab/own/seams/schema';

const PROFILES = {
  name: '001-profiles',
  up: 'create table profiles (id text primary key, fullname text not null, city text not null)',
  down: 'drop table profiles',
};
/** The code writes both names. */
const ADD = {
  name: '002-display-name',
  up: `
    alter table profiles add column display_name text, add column pronouns text;
    alter table profiles alter column fullname drop not null;
    update profiles set display_name = fullname;`,
  down: `
    alter table profiles drop column display_name, drop column pronouns;
    alter table profiles alter column fullname set not null`,
};
/** Nobody who runs by then reads or writes the old name. */
const REMOVE = {
  name: '003-without-fullname',
  up: 'alter table profiles drop column fullname',
  down: 'alter table profiles add column fullname text; update profiles set fullname = display_name',
};

export const createSchema: CreateSchema = ({release}) => {
  if (release === '') return [PROFILES];
  return release === 'remove' ? [PROFILES, ADD, REMOVE] : [PROFILES, ADD];
};
