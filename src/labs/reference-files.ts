import {editedFiles, learnersFiles} from './edited-files.ts';
import type {AnyLab} from './lab.ts';
import type {LabProgress} from './progress.ts';
import {YOUR_TESTS_ID} from './your-tests/item.ts';

/** The files of a lab's reference that may be shown: its tests only to whose own the last check had nothing to say against, or who asks. */
export function referenceFiles(
  lab: AnyLab,
  progress: Pick<LabProgress, 'last'> | undefined,
  reveal: boolean,
): readonly string[] {
  const isOpen = progress?.last?.codes.some(({task}) => task === YOUR_TESTS_ID) === true;
  return isOpen && !reveal ? editedFiles(lab) : learnersFiles(lab);
}
