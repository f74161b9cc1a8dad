import chalk, {chalkStderr} from 'chalk';

/** Colours by meaning. A mark or a word always stands beside them. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
  accent(text: string): string;
}

/** For stdout: follows the launcher's decision, and is plain where stdout is no terminal. */
export const paint: Paint = painter(chalk);
/** For stderr. */
export const paintErr: Paint = painter(chalkStderr);

function painter(colours: typeof chalk): Paint {
  return {
    good: text => colours.green(text),
    bad: text => colours.red(text),
    warn: text => colours.yellow(text),
    faint: text => colours.dim(text),
    strong: text => colours.bold(text),
    accent: text => colours.cyan(text),
  };
}
