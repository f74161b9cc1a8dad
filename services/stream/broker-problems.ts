import {Problem} from '../kit/problem.ts';
import {isUnavailable} from '../kit/unavailable.ts';

/** The broker's answer, or a problem 503 when it is away. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const detail = 'The broker cannot be reached at the moment; send it again with the same ids.';
    throw new Problem({status: 503, kind: 'broker-unavailable', detail, headers: {'retry-after': '1'}});
  }
}
