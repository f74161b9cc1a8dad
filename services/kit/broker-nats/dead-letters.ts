import type {DeadLetter} from '../broker.ts';
import {NoDeadLetterError} from '../broker-parts/no-dead-letter-error.ts';
import {listProgress} from './groups.ts';
import {giveHint} from './hints.ts';
import {toMessage} from './messages.ts';
import {FILTERS, namesOf, parseGroupSubject, parseMessageSubject} from './names.ts';
import type {Dead} from './progress.ts';
import {publishIf} from './publish.ts';
import {getRecord, listSubjects, mapAll, putRecord} from './records.ts';
import type {Link} from './session.ts';

/** A dead letter as it is stored; its message stays where it is in the stream. */
interface Letter extends Dead {
  /** Redriven ones stay, so that redriving one again is known to be done. */
  readonly redriven?: boolean;
}

/** Puts messages that were given up on among the dead letters. Doing it again changes nothing, also when one was redriven meanwhile. */
export async function bury(link: Link, stream: string, group: string, dead: readonly Dead[]): Promise<void> {
  const names = namesOf(stream);
  for (const letter of dead) {
    const subject = names.letter(group, letter.position);
    for (let done = false; !done; ) {
      const found = await getRecord<Letter>(link, names.groups, subject);
      // After a group was set back, the same message may be given up on once more.
      const isKnown = found !== undefined && found.value.at >= letter.at;
      done = isKnown || (await putRecord(link, subject, letter, found?.revision ?? 0)) !== undefined;
    }
  }
}

/** Dead letters of a stream, the oldest first. Their ids are `<position>@<group>`. */
export async function listDeadLetters(link: Link, stream: string): Promise<readonly DeadLetter[]> {
  await buryAll(link, stream);
  const names = namesOf(stream);
  const subjects = await listSubjects(link, names.groups, FILTERS.letters(stream));
  const found = await mapAll(subjects, async subject => {
    const stored = await getRecord<Letter>(link, names.groups, subject);
    if (stored === undefined || stored.value.redriven === true) return [];
    const {position, reason, at} = stored.value;
    const {group} = parseGroupSubject(subject);
    const original = await link.jsm.direct.getMessage(names.messages, {seq: position});
    if (original === null) return [];
    return [{id: `${position}@${group}`, stream, group, position, reason, message: toMessage(original.data), at}];
  });
  return found.flat().sort((a, b) => a.at - b.at || a.position - b.position);
}

/** Publishes the letter's message once more, for its group alone. One that was redriven before stays redriven once. */
export async function redriveDeadLetter(link: Link, stream: string, id: string): Promise<void> {
  await buryAll(link, stream);
  const names = namesOf(stream);
  const [, digits, group = ''] = /^(\d{1,15})@(.+)$/s.exec(id) ?? [];
  const subject = names.letter(group, Number(digits));
  const found = digits === undefined ? undefined : await getRecord<Letter>(link, names.groups, subject);
  if (found === undefined) throw new NoDeadLetterError(stream, id);
  const {value: letter, revision} = found;
  if (letter.redriven === true) return;
  const original = await link.jsm.direct.getMessage(names.messages, {seq: letter.position});
  if (original === null) throw new Error(`The message of dead letter ${id} on stream ${stream} is gone.`);
  const {partition} = parseMessageSubject(original.subject);
  // Its subject tells it from all others: whoever comes second, or again after a crash in between, stores nothing.
  const copy = names.copy(partition, group, `${letter.position}-${letter.at}`);
  await publishIf(link.nc, copy, original.data, 0);
  await putRecord(link, subject, {...letter, redriven: true}, revision);
  giveHint(link, names.hint, 'messages');
}

/** Whoever gave up on a message may have ended before it was among the dead letters. */
async function buryAll(link: Link, stream: string): Promise<void> {
  for (const {group, value} of await listProgress(link, stream)) await bury(link, stream, group, value.dead);
}
