import {FAULT_CATALOGUE} from '../../faults/catalogue.ts';

export const CHAOS_VERBS = ['list', 'clear', 'history', 'kinds', 'run', 'validate', 'shrink', 'report'] as const;
/** What can follow `teralab chaos`. */
export const FAULT_WORDS: readonly string[] = [...CHAOS_VERBS, ...FAULT_CATALOGUE.map(({kind}) => kind)];
