/**
 * Tests that a learner writes, by what they say: each gets a bench of its own, and fails when it throws. A bench takes and gives plain
 * data and shows what code did, never the code; its methods all give promises.
 *
 * A module of tests exports `tests`.
 */
export type Tests<Bench> = Readonly<Record<string, (bench: Bench) => Promise<void>>>;
