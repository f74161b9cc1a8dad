/** An option to choose. The learner may name it by its id or by its place in the list. */
export interface PredictionOption {
  /** A word or two without spaces: `longer-timeout`. */
  readonly id: string;
  readonly text: string;
}

/** What the learner is asked before a run. The text states the drawn parameters: with others it is another question. */
export type Question =
  /** One of the options. */
  | {readonly kind: 'choice'; readonly text: string; readonly options: readonly PredictionOption[]}
  /** Any of the options, none of them too. `missesMax` options may be judged wrongly; default 0. */
  | {
      readonly kind: 'choices';
      readonly text: string;
      readonly options: readonly PredictionOption[];
      readonly missesMax?: number;
    }
  /** An 80 % interval: as narrow as one dares while being right four times in five. Wider than `widthMax` (in `unit`) says nothing and is refused. */
  | {readonly kind: 'interval'; readonly text: string; readonly unit: string; readonly widthMax: number};

/** The id of an option, ids of options, or an interval; as the question's kind asks. */
export type Answer = string | readonly string[] | {readonly low: number; readonly high: number};

/** What a run measured, in the question's terms: the id of an option, ids of options, or a number in its unit. */
export type Measured = string | readonly string[] | number;

/** `break`: about the attack on the code as it is. `check`: the one question that a pass asks, with other parameters. */
export type PredictionMoment = 'break' | 'check';
