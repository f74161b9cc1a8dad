/** The twelve weeks, as data: what is practised when, also where a lab has not been built yet. */

export interface Block {
  readonly weeks: readonly [number, number];
  readonly title: string;
}

export interface PhaseOfPath {
  readonly phase: 1 | 2 | 3;
  readonly title: string;
  readonly objectives: readonly string[];
}

/** One lab of the path. A built lab's own definition counts where the two differ. */
export interface PlannedLab {
  readonly id: string;
  readonly title: string;
  readonly phase: 0 | 1 | 2 | 3;
  readonly weeks: readonly [number, number];
  readonly objective: string;
  readonly concepts: readonly string[];
  readonly minutes: number;
  readonly needs: readonly string[];
}

export const BLOCKS: readonly Block[] = [
  {weeks: [1, 2], title: 'Monoliths vs microservices'},
  {weeks: [3, 4], title: 'Design services and APIs'},
  {weeks: [5, 6], title: 'Communication patterns'},
  {weeks: [7, 8], title: 'Monitoring and logging'},
  {weeks: [9, 10], title: 'Deploy, scale, secure'},
  {weeks: [11, 12], title: 'Document and present'},
];

export const PHASES_OF_PATH: readonly PhaseOfPath[] = [
  {
    phase: 1,
    title: 'Microservices Fundamentals',
    objectives: [
      'service decomposition',
      'API design principles',
      'inter-service communication',
      'database per service',
    ],
  },
  {
    phase: 2,
    title: 'Advanced Architecture',
    objectives: [
      'service mesh concepts',
      'eventual consistency',
      'distributed transactions',
      'circuit breakers and resilience',
    ],
  },
  {
    phase: 3,
    title: 'Production Readiness',
    objectives: [
      'monitoring and logging',
      'deployment strategies',
      'scaling and performance',
      'security in distributed systems',
    ],
  },
];

/** The objective of labs that belong to the whole path: the first look, and the portfolio. */
export const WHOLE_PATH = 'the whole path';

export const OBJECTIVES: readonly string[] = [...PHASES_OF_PATH.flatMap(phase => phase.objectives), WHOLE_PATH];

export const CONCEPTS: readonly string[] = [
  'service boundaries and decomposition',
  'RESTful API design',
  'message queues and event streams',
  'API gateway',
  'service discovery',
  'configuration management',
  'distributed tracing',
  'health checks and recovery',
  'database strategy',
  'testing in distributed systems',
];

/** All labs in the order of the path. */
export const CURRICULUM: readonly PlannedLab[] = [
  ...block(1, [
    ['p0-00-first-break', 'First break', 0, WHOLE_PATH, ['service boundaries and decomposition'], 5, []],
    [
      'p1-01-one-or-many',
      'One or many',
      1,
      'service decomposition',
      ['service boundaries and decomposition'],
      20,
      ['p0-00-first-break'],
    ],
    [
      'p1-02-draw-the-boundary',
      'Draw the boundary',
      1,
      'service decomposition',
      ['service boundaries and decomposition'],
      30,
      ['p1-01-one-or-many'],
    ],
    ['p1-05-fewer-calls', 'Fewer calls', 1, 'inter-service communication', ['API gateway'], 20, ['p1-01-one-or-many']],
    ['p1-06-a-deadline', 'A deadline', 1, 'inter-service communication', [], 25, ['p1-05-fewer-calls']],
  ]),
  ...block(3, [
    [
      'p1-03-rest-that-lasts',
      'REST that lasts',
      1,
      'API design principles',
      ['RESTful API design'],
      30,
      ['p1-06-a-deadline'],
    ],
    [
      'p1-04-evolve-the-api',
      'Evolve the API',
      1,
      'API design principles',
      ['RESTful API design'],
      35,
      ['p1-03-rest-that-lasts'],
    ],
    [
      'p1-10-migrate-hot',
      'Migrate while hot',
      1,
      'database per service',
      ['database strategy'],
      35,
      ['p1-04-evolve-the-api'],
    ],
    ['p1-12-front-door', 'The front door', 1, 'API design principles', ['API gateway'], 30, ['p1-06-a-deadline']],
    [
      'p1-14-your-own-service',
      'Your own service',
      1,
      'API design principles',
      ['RESTful API design', 'database strategy'],
      60,
      ['p1-03-rest-that-lasts', 'p1-12-front-door'],
    ],
  ]),
  ...block(5, [
    [
      'p2-07-once-in-effect',
      'Once in effect',
      2,
      'eventual consistency',
      ['message queues and event streams'],
      30,
      ['p1-03-rest-that-lasts'],
    ],
    [
      'p1-07-poison',
      'Poison',
      1,
      'inter-service communication',
      ['message queues and event streams'],
      30,
      ['p2-07-once-in-effect'],
    ],
    [
      'p1-08-keep-order',
      'Keep order',
      1,
      'inter-service communication',
      ['message queues and event streams'],
      35,
      ['p1-07-poison'],
    ],
    [
      'p2-04-no-lost-events',
      'No lost events',
      2,
      'distributed transactions',
      ['database strategy'],
      40,
      ['p2-07-once-in-effect'],
    ],
    [
      'p1-09-own-your-data',
      'Own your data',
      1,
      'database per service',
      ['database strategy'],
      40,
      ['p2-04-no-lost-events'],
    ],
    [
      'p2-03-read-your-writes',
      'Read your writes',
      2,
      'eventual consistency',
      ['database strategy'],
      35,
      ['p2-07-once-in-effect'],
    ],
    ['p1-11-find-me', 'Find me', 1, 'inter-service communication', ['service discovery'], 40, ['p1-06-a-deadline']],
    [
      'p2-10-when-did-it-happen',
      'When did it happen',
      2,
      'eventual consistency',
      ['message queues and event streams'],
      40,
      ['p2-07-once-in-effect'],
    ],
  ]),
  ...block(7, [
    [
      'p3-06-measure-right',
      'Measure right',
      3,
      'scaling and performance',
      ['testing in distributed systems'],
      30,
      ['p1-06-a-deadline'],
    ],
    ['p3-01-see-the-fire', 'See the fire', 3, 'monitoring and logging', [], 40, ['p3-06-measure-right']],
    [
      'p3-02-follow-the-request',
      'Follow the request',
      3,
      'monitoring and logging',
      ['distributed tracing'],
      35,
      ['p2-04-no-lost-events'],
    ],
    [
      'p3-03-alive-or-ready',
      'Alive or ready',
      3,
      'monitoring and logging',
      ['health checks and recovery'],
      30,
      ['p1-06-a-deadline'],
    ],
    [
      'p2-05-break-the-circuit',
      'Break the circuit',
      2,
      'circuit breakers and resilience',
      ['health checks and recovery'],
      35,
      ['p1-06-a-deadline'],
    ],
    ['p2-01-mesh-retries', 'Retries in the mesh', 2, 'service mesh concepts', [], 30, ['p2-05-break-the-circuit']],
    [
      'p2-06-retry-storm',
      'Retry storm',
      2,
      'circuit breakers and resilience',
      ['health checks and recovery'],
      40,
      ['p2-05-break-the-circuit'],
    ],
    [
      'p3-11-on-call',
      'On call',
      3,
      'monitoring and logging',
      ['testing in distributed systems'],
      30,
      ['p3-01-see-the-fire', 'p3-02-follow-the-request'],
    ],
  ]),
  ...block(9, [
    [
      'p1-13-configure',
      'Configure',
      1,
      'inter-service communication',
      ['configuration management'],
      40,
      ['p1-11-find-me'],
    ],
    ['p3-04-ship-it', 'Ship it', 3, 'deployment strategies', [], 45, ['p3-03-alive-or-ready', 'p3-01-see-the-fire']],
    ['p3-05-scale-it', 'Scale it', 3, 'scaling and performance', [], 40, ['p3-06-measure-right']],
    [
      'p3-13-find-the-bottleneck',
      'Find the bottleneck',
      3,
      'scaling and performance',
      ['database strategy'],
      40,
      ['p3-05-scale-it', 'p3-02-follow-the-request'],
    ],
    ['p2-02-mesh-identity', 'Identity in the mesh', 2, 'service mesh concepts', [], 35, ['p2-01-mesh-retries']],
    [
      'p3-12-rotate-everything',
      'Rotate everything',
      3,
      'security in distributed systems',
      ['configuration management'],
      40,
      ['p1-02-draw-the-boundary'],
    ],
    ['p3-07-trust-nobody', 'Trust nobody', 3, 'security in distributed systems', [], 40, ['p1-02-draw-the-boundary']],
    [
      'p3-09-to-the-cloud',
      'To the cloud',
      3,
      'deployment strategies',
      ['health checks and recovery'],
      45,
      ['p3-04-ship-it'],
    ],
  ]),
  ...block(11, [
    [
      'p2-08-all-or-nothing',
      'All or nothing',
      2,
      'distributed transactions',
      ['database strategy'],
      45,
      ['p2-04-no-lost-events'],
    ],
    ['p2-09-who-leads', 'Who leads', 2, 'eventual consistency', [], 35, ['p2-04-no-lost-events']],
    [
      'p3-08-break-it-on-purpose',
      'Break it on purpose',
      3,
      'monitoring and logging',
      ['testing in distributed systems'],
      45,
      ['p3-02-follow-the-request'],
    ],
    ['p3-10-tell-the-story', 'Tell the story', 3, WHOLE_PATH, [], 60, []],
  ]),
];

export interface PathEntry extends PlannedLab {
  /** Whether this installation has the lab. */
  readonly built: boolean;
}

/** The whole path with what is built marked; labs from elsewhere follow after it. */
export function wholePath(built: readonly PlannedLab[]): readonly PathEntry[] {
  const byId = new Map(built.map(lab => [lab.id, lab]));
  const known = CURRICULUM.map(planned => ({...planned, ...byId.get(planned.id), built: byId.has(planned.id)}));
  const ids = new Set(CURRICULUM.map(({id}) => id));
  return [...known, ...built.filter(({id}) => !ids.has(id)).map(lab => ({...lab, built: true}))];
}

/** Sorts by first week, then by the order of the curriculum, then by id: the order in which people meet labs. */
export function inPathOrder<L extends {readonly id: string; readonly weeks: readonly number[]}>(
  labs: readonly L[],
): L[] {
  const place = new Map(CURRICULUM.map(({id}, index) => [id, index]));
  const rank = (lab: L): number => place.get(lab.id) ?? CURRICULUM.length;
  const week = (lab: L): number => Math.min(...lab.weeks, 99);
  return [...labs].sort((a, b) => week(a) - week(b) || rank(a) - rank(b) || a.id.localeCompare(b.id));
}

type LabRow = readonly [string, string, 0 | 1 | 2 | 3, string, readonly string[], number, readonly string[]];

function block(firstWeek: number, rows: readonly LabRow[]): PlannedLab[] {
  return rows.map(([id, title, phase, objective, concepts, minutes, needs]) => ({
    id,
    title,
    phase,
    weeks: [firstWeek, firstWeek + 1],
    objective,
    concepts,
    minutes,
    needs,
  }));
}
