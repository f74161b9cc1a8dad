import type {AnyLab} from './lab.ts';

/** What of a lab names files of the learner's. */
export type Edited = Pick<AnyLab, 'seams' | 'topology' | 'yourTests'>;

/** All files of a lab that are the learner's, relative to the lab's folder: those that are edited, and their tests. */
export function learnersFiles(lab: Edited): readonly string[] {
  return [...editedFiles(lab), ...(lab.yourTests === undefined ? [] : [lab.yourTests.file])];
}

/** The files that a lab's learner edits, relative to the lab's folder: modules of seams, and the declaration of the system's shape. */
export function editedFiles({seams, topology}: Edited): readonly string[] {
  const declared = topology !== undefined && 'boundaries' in topology ? [topology.boundaries] : [];
  return [...new Set([...Object.values(seams).flatMap(byName => Object.values(byName)), ...declared])];
}
