import {z} from 'zod';
import {LabError} from '../errors.ts';
import {CONCEPTS, OBJECTIVES} from './curriculum.ts';
import type {AnyLab} from './lab.ts';
import {PREDICTION_ID} from './predict/item.ts';
import {YOUR_TESTS_ID, YOUR_TESTS_TASK} from './your-tests/item.ts';

const id = z.string().regex(/^p[0-3]-\d\d-[a-z0-9]+(-[a-z0-9]+)*$/, 'an id reads like p2-04-no-lost-events');
const kebab = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
const code = z.string().regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, 'UPPER_SNAKE');
const text = z.string().trim().min(1);
const file = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9-]*)*\.(ts|yaml|sql)$/, 'a file of the lab folder, like publisher.ts');
const method = z.custom<(...parameters: never[]) => unknown>(value => typeof value === 'function', 'a function');

const schema = z.object({
  id,
  title: text,
  phase: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  weeks: z.array(z.int().min(1).max(12)).min(1),
  objective: z.enum(OBJECTIVES),
  concepts: z.array(z.enum(CONCEPTS)),
  minutes: z.int().min(1).max(120),
  needs: z.array(id),
  topology: z
    .union([
      z.strictObject({boundaries: file}),
      z.object({services: z.record(kebab, z.unknown()), links: z.array(z.unknown())}),
    ])
    .optional(),
  replicas: z.record(kebab, z.int().min(1).max(9)).optional(),
  later: z.array(kebab).optional(),
  seams: z.record(kebab, z.record(kebab, file)),
  given: z.record(kebab, z.record(kebab, file)).optional(),
  watch: text,
  timescale: text.optional(),
  predict: z.object({judges: z.enum(['timing', 'counting']), ask: method, answer: method, measure: method}).optional(),
  yourTests: z
    .strictObject({
      file,
      node: kebab.optional(),
      right: z.array(z.object({name: kebab, why: text})).optional(),
      unseen: z.record(kebab, text).optional(),
      wrong: z.array(z.object({name: kebab, code: z.enum(YOUR_TESTS_TASK.codes), why: text})).min(2),
    })
    .optional(),
  setUp: method.optional(),
  baseline: z.object({load: method, okShareMin: z.number().min(0).max(1)}),
  load: method,
  faults: method,
  recovery: z.object({withinMs: z.int().min(0).max(60_000), recovered: method.optional()}),
  replay: method.optional(),
  glance: method.optional(),
  final: method,
  summary: method,
  tasks: z
    .array(
      z.object({
        id: kebab,
        title: text,
        judges: z.enum(['timing', 'counting']),
        codes: z.array(code).min(1),
        settled: z.record(code, z.enum(['at-once', 'once-lost', 'after-attack'])).optional(),
        judge: method,
      }),
    )
    .min(1),
  wrong: z.array(z.object({name: kebab, task: kebab, code, why: text})),
});

/** What is wrong with a definition, one sentence each; nothing where it is sound. `folderName` is the folder that it was found in. */
export function definitionProblems(raw: unknown, folderName: string): readonly string[] {
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    return parsed.error.issues.map(issue => `${issue.path.join('.') || 'the definition'}: ${issue.message}`);
  const lab = parsed.data;
  const problems: string[] = [];
  if (lab.id !== folderName) problems.push(`id: is ${lab.id}, in a folder named ${folderName}`);
  if (lab.needs.includes(lab.id)) problems.push('needs: the lab needs itself');
  problems.push(...repeated(lab.tasks.map(task => task.id)).map(name => `tasks: ${name} is there twice`));
  problems.push(...repeated(lab.wrong.map(wrong => wrong.name)).map(name => `wrong: ${name} is there twice`));
  if (lab.tasks.some(task => task.id === PREDICTION_ID))
    problems.push(`tasks: ${PREDICTION_ID} is the item of predictions`);
  if (lab.tasks.some(task => task.id === YOUR_TESTS_ID))
    problems.push(`tasks: ${YOUR_TESTS_ID} is the item of the learner's own tests`);
  problems.push(...yourTestsProblems(lab));
  for (const task of lab.tasks)
    for (const name of Object.keys(task.settled ?? {}))
      if (!task.codes.includes(name)) problems.push(`tasks.${task.id}.settled: the task cannot fail with ${name}`);
  for (const wrong of lab.wrong) {
    const task = lab.tasks.find(candidate => candidate.id === wrong.task);
    if (task === undefined) problems.push(`wrong.${wrong.name}: there is no task ${wrong.task}`);
    else if (!task.codes.includes(wrong.code))
      problems.push(`wrong.${wrong.name}: task ${task.id} cannot fail with ${wrong.code}`);
  }
  return problems;
}

function yourTestsProblems({seams, yourTests, wrong}: z.infer<typeof schema>): readonly string[] {
  if (yourTests === undefined) return [];
  const files = Object.values(seams).flatMap(byName => Object.values(byName));
  const names = new Set(wrong.map(({name}) => name));
  return [
    ...(files.length === 1 ? [] : ['yourTests: they are tests of one seam, and the lab has another number of them']),
    ...(files.includes(yourTests.file) ? [`yourTests: ${yourTests.file} is the file of a seam`] : []),
    ...Object.keys(yourTests.unseen ?? {}).flatMap(name =>
      names.has(name) ? [] : [`yourTests.unseen: there is no wrong fix ${name}`],
    ),
  ];
}

/** The definition, when it is sound. @throws BROKEN_LAB that names every problem. */
export function checkedDefinition(raw: unknown, folderName: string): AnyLab {
  const problems = definitionProblems(raw, folderName);
  if (problems.length === 0) return raw as AnyLab;
  throw new LabError('BROKEN_LAB', `The definition of ${folderName} is wrong. ${problems.join('. ')}.`);
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
