import {createHash} from 'node:crypto';

/**
 * Where things are on the server. A stream of the port is two streams of JetStream: one with its messages, one with what its groups know.
 *
 * | subject | holds |
 * | --- | --- |
 * | `messages.<stream>.<partition>.<id>` | a message; there is one at most, for ever |
 * | `messages.<stream>.<partition>.again.<group>.<letter>` | a dead letter's message once more, for its group alone |
 * | `groups.<stream>.<group>.partition.<n>` | where a group stands in a partition |
 * | `groups.<stream>.<group>.dead.<position>` | a dead letter |
 * | `hints.<stream>` | nothing: something was published, or a group was set back |
 */
export interface Names {
  readonly messages: string;
  readonly groups: string;
  readonly hint: string;
  message(partition: number, id: string): string;
  copy(partition: number, group: string, letter: string): string;
  progress(group: string, partition: number): string;
  letter(group: string, position: number): string;
}

export function namesOf(stream: string): Names {
  const name = toToken(stream);
  return {
    messages: name,
    groups: `${name}=groups`,
    hint: `hints.${name}`,
    message: (partition, id) => `messages.${name}.${partition}.${idToken(id)}`,
    copy: (partition, group, letter) => `messages.${name}.${partition}.again.${toToken(group)}.${letter}`,
    progress: (group, partition) => `groups.${name}.${toToken(group)}.partition.${partition}`,
    letter: (group, position) => `groups.${name}.${toToken(group)}.dead.${position}`,
  };
}

/** Filters of subjects: `*` is one token. */
export const FILTERS = {
  /** Messages without the copies of dead letters. */
  originals: (stream: string) => `messages.${toToken(stream)}.*.*`,
  partition: (stream: string, partition: number) => `messages.${toToken(stream)}.${partition}.>`,
  copies: (stream: string, partition: number, group = '*') =>
    `messages.${toToken(stream)}.${partition}.again.${group === '*' ? group : toToken(group)}.*`,
  allCopies: (stream: string) => `messages.${toToken(stream)}.*.again.*.*`,
  progress: (stream: string) => `groups.${toToken(stream)}.*.partition.*`,
  letters: (stream: string) => `groups.${toToken(stream)}.*.dead.*`,
  allMessages: (stream: string) => `messages.${toToken(stream)}.>`,
  allGroups: (stream: string) => `groups.${toToken(stream)}.>`,
};

/** The partition of a message's subject, and the group that it is for, when it is for one alone. */
export function parseMessageSubject(subject: string): {readonly partition: number; readonly onlyGroup?: string} {
  const [, , partition, , group] = subject.split('.');
  return {partition: Number(partition), ...(group === undefined ? {} : {onlyGroup: fromToken(group)})};
}

/** The group and the number (a partition, a position) of a group's subject. */
export function parseGroupSubject(subject: string): {readonly group: string; readonly number: number} {
  const [, , group = '', , number] = subject.split('.');
  return {group: fromToken(group), number: Number(number)};
}

/** One token of a subject, and part of a stream's name: other characters as `=` and the two hexadecimal digits of each of their bytes. */
export function toToken(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/gu, character =>
    [...Buffer.from(character)].map(byte => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

function fromToken(token: string): string {
  return Buffer.from(
    token.replace(/=([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  ).toString();
}

/** An id as it is when it may stand in a subject, so that people can read it; else its hash, since it may be long. */
function idToken(id: string): string {
  if (/^[\w-]{1,64}$/.test(id)) return id;
  return `=${createHash('sha256').update(id).digest('base64url')}`;
}
