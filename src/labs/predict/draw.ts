import {createRandom, type Random} from '../../random.ts';

/** The stream that a run's question and its parameters are drawn from: the same for a seed, whoever draws. */
export function predictionRandom(seed: number): Random {
  return createRandom(seed, 'prediction');
}

/** The parameters of a run, for judges: `drawn(evidence.seed, parameters)`. Load and faults have them from `tools.drawn`. */
export function drawn<T>(seed: number, draw: (random: Random) => T): T {
  return draw(predictionRandom(seed));
}
