/** Hints for the codes that a check itself gives in any lab, before the lab's own judges have a say. By code, level 1 first. */
export const GENERAL_HINTS: Readonly<Record<string, readonly string[]>> = {
  NOT_YOURS: [
    'The check runs only what is in your lab folder. What does your file import besides types and `node:` modules?',
    'Types come with `import type {…} from "teralab/…"`, which vanish when the file is built. Everything that runs must be in your own files: write the idea out instead of importing it. `teralab reset <lab>` brings the start files back and keeps yours aside.',
  ],
  DOES_NOT_BUILD: [
    'The file is not valid TypeScript yet. What stands at the line that the check names, and just before it?',
    'Open the file in an editor that knows TypeScript: the workspace has a tsconfig.json, so that it marks the place.',
  ],
  DOES_NOT_LOAD: [
    'The service could not load your module. Does something run at the top level of the file, outside any function?',
    'The module must export exactly what the seam asks for, under its name, and give control back at once: no endless loop, no process.exit, nothing thrown while it loads.',
  ],
  BYPASSED_LINK: [
    'A fault happens on the way between two services. Which way does your code take to the service that it asks?',
    'Use what the seam hands you (`upstream`, `send`, `database`, `broker`): these go over the links. An address of your own goes past the fault, and so past what the lab is about.',
  ],
  TESTS_WAVER: [
    'The same tests, run again against the same code, came to another result. What in them is not the same each time?',
    'Take out whatever is drawn or measured on a real clock: all that a test needs to know comes from what it calls, and the same calls give the same answers. Every test gets a fresh one, so nothing has to be remembered between tests.',
  ],
  TESTS_BREAK_OFF: [
    'Your tests never came to an end that they could tell. What runs when the file is loaded, and what ends the process?',
    'Export `tests` and do nothing else at the top level. A test says that something is wrong by throwing (`assert`), never by `process.exit`, and it may neither loop for ever nor fill the memory: reading files, starting processes and the network are out of its reach.',
  ],
  WRONG_PREDICTION: [
    'Your code does what it should, and yet something came out differently from what you said. Which step of your reasoning had a number in it that you did not measure?',
    'Work it out on paper first: what happens to one request, then how many of them there are, then what they wait for. The next check asks with other parameters; `teralab break <lab>` lets you watch.',
  ],
  BREAKS_THE_SERVICE: [
    'Nothing was broken on purpose yet, and the service with your code answered most requests with an error. What do the first lines of its log say?',
    '`teralab logs <node>` shows the whole log. Make one ordinary request work first; then look at the faults.',
  ],
};
