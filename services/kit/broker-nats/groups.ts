import {FILTERS, namesOf, parseGroupSubject} from './names.ts';
import {BEGINNING, type Progress, release} from './progress.ts';
import {getRecord, listSubjects, mapAll, putRecord, type Stored} from './records.ts';
import type {Link} from './session.ts';

/** The records of a group are not there: it was never joined, or the broker was emptied. */
export class GroupGoneError extends Error {}

const TRIES_MAX = 20;

export async function getProgress(
  link: Link,
  stream: string,
  group: string,
  partition: number,
): Promise<Stored<Progress>> {
  const names = namesOf(stream);
  const found = await getRecord<Progress>(link, names.groups, names.progress(group, partition));
  if (found === undefined) throw new GroupGoneError(`There is no group ${group} on stream ${stream}.`);
  return found;
}

/** Gives the group a record for each partition, where it has none. */
export async function joinGroup(link: Link, stream: string, group: string, partitions: number): Promise<void> {
  const names = namesOf(stream);
  await mapAll(numbers(partitions), async partition => {
    const subject = names.progress(group, partition);
    const found = await getRecord<Progress>(link, names.groups, subject);
    if (found === undefined) await putRecord(link, subject, BEGINNING, 0);
  });
}

/** Gives back what a former life of a member holds: a node that was killed and started again need not wait for its own claims to expire. */
export async function releaseFormerLife(
  link: Link,
  stream: string,
  {group, member, owner}: {readonly group: string; readonly member: string; readonly owner: string},
  partitions: number,
): Promise<void> {
  const names = namesOf(stream);
  await mapAll(numbers(partitions), async partition => {
    const {value, revision} = await getProgress(link, stream, group, partition);
    if (value.member === member && value.owner !== owner)
      await putRecord(link, names.progress(group, partition), release(value), revision);
  });
}

/** Changes a group's record, whoever else changes it meanwhile. Claims on it are void. */
export async function changeProgress(
  link: Link,
  stream: string,
  group: string,
  partition: number,
  change: (before: Progress) => Progress,
): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const {value, revision} = await getProgress(link, stream, group, partition);
    if ((await putRecord(link, namesOf(stream).progress(group, partition), change(value), revision)) !== undefined)
      return;
  }
  throw new Error(`The group ${group} of stream ${stream} is changed by others all the time.`);
}

export interface GroupProgress extends Stored<Progress> {
  readonly group: string;
  readonly partition: number;
}

/** The records of all groups, in order of groups and partitions. */
export async function listProgress(link: Link, stream: string): Promise<readonly GroupProgress[]> {
  const {groups} = namesOf(stream);
  const subjects = await listSubjects(link, groups, FILTERS.progress(stream));
  const found = await mapAll(subjects, async subject => {
    const {group, number: partition} = parseGroupSubject(subject);
    const stored = await getRecord<Progress>(link, groups, subject);
    return stored === undefined ? [] : [{...stored, group, partition}];
  });
  return found.flat().sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : a.partition - b.partition));
}

export function numbers(count: number): readonly number[] {
  return Array.from({length: count}, (_, n) => n);
}
