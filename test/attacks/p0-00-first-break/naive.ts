// Stands for the lab's start, which takes its place in the learner's folder.
export {compose} from '../../../labs/p0-00-first-break/start/compose.ts';
