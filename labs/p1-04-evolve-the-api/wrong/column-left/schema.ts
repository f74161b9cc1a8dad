import type {CreateSchema} from 'teralab/own/seams/schema';

const PROFILES = {
  name: '001-profiles',
  up: 'create table profiles (id text primary key, fullname text not null, city text not null)',
  down: 'drop table profiles',
};
/** Whichever name a release writes, the other one follows: replicas of both sides of the rename share the table. */
const ADD = {
  name: '002-display-name',
  up: `
    alter table profiles add column display_name text, add column pronouns text;
    alter table profiles alter column fullname drop not null;
    create function names_in_step() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        new.display_name := coalesce(new.display_name, new.fullname);
        new.fullname := new.display_name;
      elsif new.fullname is distinct from old.fullname then
        new.display_name := new.fullname;
      else
        new.fullname := new.display_name;
      end if;
      return new;
    end $$;
    update profiles set display_name = fullname;
    create trigger names_in_step before insert or update on profiles for each row execute function names_in_step();`,
  down: `
    drop trigger names_in_step on profiles;
    drop function names_in_step;
    alter table profiles drop column display_name, drop column pronouns;
    alter table profiles alter column fullname set not null`,
};
/** The old column does no harm where it is. */
export const createSchema: CreateSchema = ({release}) => (release === '' ? [PROFILES] : [PROFILES, ADD]);
