import {BLOCKS, type PathEntry, PHASES_OF_PATH, wholePath} from '../labs/curriculum.ts';
import type {AnyLab} from '../labs/lab.ts';
import type {ProgressData} from '../labs/progress.ts';
import {nextLab, standingOf} from '../labs/status.ts';
import type {LearningPath, PathLab} from './session.ts';

/** The twelve weeks with the learner's place in them. */
export function learningPath(labs: readonly AnyLab[], progress: ProgressData): LearningPath {
  const ids = labs.map(({id}) => id);
  const entries = wholePath(
    labs.map(lab => ({...lab, weeks: [Math.min(...lab.weeks), Math.max(...lab.weeks)] as const})),
  );
  const all = entries.map(entry => ({entry, lab: pathLab(entry, progress, ids)}));
  const known = all.map(({lab}) => lab);
  return {
    phases: PHASES_OF_PATH.map(({phase, title}) => {
      const inPhase = known.filter(lab => lab.phase === phase);
      return {phase, title, passed: inPhase.filter(({status}) => status === 'passed').length, total: inPhase.length};
    }),
    blocks: BLOCKS.map(({weeks: [first, last], title}) => ({
      weeks: `${first}-${last}`,
      title,
      labs: all.filter(({entry}) => entry.weeks[0] >= first && entry.weeks[0] <= last).map(({lab}) => lab),
    })),
    next: nextLab(labs, progress)?.id ?? ids[0] ?? null,
  };
}

function pathLab(entry: PathEntry, progress: ProgressData, built: readonly string[]): PathLab {
  const {id, title, phase, minutes} = entry;
  if (!entry.built) return {id, title, phase, minutes, status: 'planned', waitsFor: []};
  const {status, blockedBy} = standingOf(entry, progress, built);
  return {id, title, phase, minutes, status, waitsFor: blockedBy};
}
