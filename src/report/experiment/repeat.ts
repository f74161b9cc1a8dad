import type {Journal} from '../../faults/experiments/journal.ts';

/** The command that runs the experiment again with what it drew, quoted for a POSIX shell. */
export function repeatCommand({file, seed}: Pick<Journal, 'file' | 'seed'>): string {
  return `teralab chaos run ${shellWord(file)} --seed ${seed}`;
}

function shellWord(text: string): string {
  // A leading dash would be read as an option.
  const word = text.startsWith('-') ? `./${text}` : text;
  return /^[\w./@:+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
