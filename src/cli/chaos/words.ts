import {CUT_FAULTS, LINK_FAULTS, NODE_FAULTS} from '../../faults/fault.ts';

export const FAULT_KINDS = [...LINK_FAULTS, ...CUT_FAULTS, ...NODE_FAULTS] as const;
export const CHAOS_VERBS = ['list', 'clear', 'history', 'kinds'] as const;
/** What can follow `teralab chaos`. */
export const FAULT_WORDS: readonly string[] = [...CHAOS_VERBS, ...FAULT_KINDS];
