import {readFile} from 'node:fs/promises';
import {extname, join} from 'node:path';
import {LabError} from '../errors.ts';
import type {Catalogue} from '../labs/catalogue.ts';
import {learnersFiles} from '../labs/edited-files.ts';
import {nextHint} from '../labs/hints.ts';
import type {AnyLab} from '../labs/lab.ts';
import type {LabProgress, ProgressStore} from '../labs/progress.ts';
import {referenceFiles} from '../labs/reference-files.ts';
import type {CheckResult} from '../labs/verdict.ts';
import type {Workspace} from '../labs/workspace.ts';
import {checklistOf} from '../labs/your-tests/item.ts';
import {learningPath} from './real-path.ts';
import type {Reading, ScreenSession} from './session.ts';

export interface LabSources {
  readonly catalogue: Catalogue;
  readonly progress: ProgressStore;
  readonly workspace: Workspace;
}

/** The part of the session that needs no running system: texts, the learner's files, and how far they are. */
export function realLabs({
  catalogue,
  progress,
  workspace,
}: LabSources): Pick<ScreenSession, 'path' | 'lab' | 'hint' | 'solution' | 'debrief' | 'reset'> {
  const progressOf = async (lab: string): Promise<LabProgress | undefined> => (await progress.read()).labs[lab];
  return {
    path: async () => learningPath(await catalogue.list(), await progress.read()),
    lab: async rawId => {
      const lab = await catalogue.load(rawId);
      const [{brief}, recorded, folder] = await Promise.all([
        catalogue.texts(lab.id),
        progressOf(lab.id),
        catalogue.folder(lab.id),
      ]);
      await workspace.ensure();
      await workspace.ensureLab(lab, folder);
      const {id, title, objective, minutes, watch} = lab;
      const tasks = checklistOf(lab).map(task => ({
        id: task.id,
        title: task.extra === true ? `${task.title} (extra)` : task.title,
      }));
      return {
        id,
        title,
        brief,
        objective,
        minutes,
        watch,
        tasks,
        predicts: lab.predict !== undefined,
        files: learnersFiles(lab).map(file => join(workspace.labFolder(id), file)),
        last: await lastResult(recorded),
      };
    },
    hint: async id => {
      const lab = await catalogue.load(id);
      const recorded = await progressOf(lab.id);
      if (recorded?.last == null) throw new LabError('NOTHING_CHECKED', `No check of ${lab.id} is on record.`);
      const failed = recorded.last.codes.filter(({verdict}) => verdict === 'fail');
      const {hints} = await catalogue.texts(lab.id);
      const next = nextHint(hints, failed, recorded.hintsShown);
      if (next === undefined)
        return {
          title: 'Hint',
          text:
            failed.length === 0
              ? 'The last check found nothing that failed.'
              : `There is no hint for ${failed.map(({code}) => code).join(', ')}.`,
        };
      await progress.recordHint(lab.id, next.key);
      const {task, code, level, text} = next.hint;
      const more = next.repeated
        ? 'That was the last hint; `s` shows the reference (before a pass it is recorded).'
        : level < next.levels
          ? 'Press `h` again for more.'
          : '';
      return {title: `Hint ${level} of ${next.levels}: ${task}, ${code}`, text: `${text}\n\n${more}`};
    },
    solution: async (id, reveal) => {
      const lab = await catalogue.load(id);
      const standing = await progressOf(lab.id);
      const passed = (standing?.passes.length ?? 0) > 0;
      if (!passed && !reveal) throw new LabError('NOT_PASSED_YET', `The reference of ${lab.id} is shown after a pass.`);
      if (!passed) await progress.recordReveal(lab.id);
      const files = referenceFiles(lab, standing, reveal);
      return solution(lab, files, join(await catalogue.folder(lab.id), 'solution'), workspace.labFolder(lab.id));
    },
    debrief: async id => ({title: 'Debrief', text: (await catalogue.texts(id)).debrief}),
    reset: async id => {
      const lab = await catalogue.load(id);
      const kept = await workspace.resetLab(lab, await catalogue.folder(lab.id));
      return kept === undefined
        ? 'Fresh start files; there was nothing of yours to keep.'
        : `Fresh start files; yours are in ${kept}`;
    },
  };
}

/** The reference, then the learner's own file, then the fixes that many try first. */
async function solution(lab: AnyLab, files: readonly string[], reference: string, own: string): Promise<Reading> {
  const parts = await Promise.all(
    files.map(async name => {
      const file = join(reference, name);
      const mine = await readFile(join(own, name), 'utf8').catch(() => undefined);
      return [
        `## ${name}: the reference`,
        fenced(await readFile(file, 'utf8'), extname(file)),
        ...(mine === undefined ? [] : [`## ${name}: yours`, fenced(mine, extname(file))]),
      ].join('\n\n');
    }),
  );
  const wrong = lab.wrong.map(({name, why, task, code}) => `- **${name}**: ${why} (refused by ${task}: ${code})`);
  return {
    title: `Reference of ${lab.id}`,
    text: [...parts, ...(wrong.length > 0 ? ['## Popular wrong fixes', wrong.join('\n')] : [])].join('\n\n'),
  };
}

function fenced(code: string, extension: string): string {
  return `\`\`\`\`${extension.slice(1)}\n${code.trimEnd()}\n\`\`\`\``;
}

/** The verdict that the last run left in its folder; null when the folder is gone. */
async function lastResult(recorded: LabProgress | undefined): Promise<CheckResult | null> {
  if (recorded?.last == null) return null;
  try {
    return JSON.parse(await readFile(join(recorded.last.runFolder, 'result.json'), 'utf8')) as CheckResult;
  } catch {
    return null;
  }
}
