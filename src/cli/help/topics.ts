import type {ExitCode} from '../../errors.ts';

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'ok, or passed',
  1: 'failed (only after a verdict was printed)',
  2: 'usage: the command line is wrong',
  3: 'inconclusive: neither passed nor failed',
  4: 'environment: something that is needed is not there (a port, space, a running system)',
  5: 'internal error: a bug of teralab or of a lab',
  130: 'interrupted (Ctrl-C)',
};

/** `teralab help exit-codes`. */
export const EXIT_CODES_HELP: readonly string[] = [
  'Exit codes:',
  ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`),
];

/** `teralab help environment`. */
export const ENVIRONMENT_HELP: readonly string[] = [
  'Environment variables:',
  '  TERALAB_HOME     one folder for everything that teralab keeps of its own; without',
  '                   it the XDG folders: XDG_CONFIG_HOME, XDG_STATE_HOME,',
  '                   XDG_DATA_HOME, XDG_CACHE_HOME',
  '  TERALAB_WORKSPACE  folder of your files, as --workspace names it',
  '  TERALAB_LABS     folder or package with more labs, as --labs names it',
  '  TERALAB_POLL     any value: `check --watch` looks for saves instead of being told',
  '  XDG_RUNTIME_DIR  folder of the control socket (else TMPDIR, else /tmp)',
  '  VISUAL, EDITOR   what `teralab edit` opens files with',
  '  NO_COLOR         any value: no colours',
  '  FORCE_COLOR      colours (0: none); wins over NO_COLOR, TERM and --no-color',
  '  TERM             dumb: no colours, no lines that update themselves',
  '  CI               any value but 0 and false: never ask anything',
  '',
  'Your files are in a visible folder, ./teralab by default; --workspace DIR names',
  'another one. It belongs in your own git repository.',
];
