/** A deterministic source of randomness: the same seed and names give the same values on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number in [min, max]. */
  integer(min: number, max: number): number;
  pick<T>(values: readonly T[]): T;
  shuffle<T>(values: readonly T[]): T[];
  /** Exponential with this mean. */
  exponential(mean: number): number;
  /** `length` hexadecimal digits. */
  hex(length: number): string;
  /** An independent stream of its own, so that drawing from one never shifts another. */
  stream(name: string): Random;
}

/** xoshiro128** (Blackman and Vigna, 2018), seeded through SplitMix32 from the seed and the stream's name. */
export function createRandom(seed: number, name = ''): Random {
  const state = new Uint32Array(4);
  let mix = hash(`${seed}/${name}`);
  for (let index = 0; index < 4; index++) {
    mix = (mix + 0x9e3779b9) >>> 0;
    let word = mix;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    state[index] = (word ^ (word >>> 16)) >>> 0;
  }
  const word = (): number => {
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    const third = c ^ a;
    const fourth = d ^ b;
    state[1] = b ^ third;
    state[0] = a ^ fourth;
    state[2] = third ^ shifted;
    state[3] = rotate(fourth, 11);
    return scrambled;
  };
  const next = (): number => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992;
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    pick: <T>(values: readonly T[]): T => {
      if (values.length === 0) throw new RangeError('nothing to pick from');
      return values[integer(0, values.length - 1)] as T;
    },
    shuffle: <T>(values: readonly T[]): T[] => {
      const result = [...values];
      for (let index = result.length - 1; index > 0; index--) {
        const other = integer(0, index);
        [result[index], result[other]] = [result[other] as T, result[index] as T];
      }
      return result;
    },
    exponential: mean => -mean * Math.log(1 - next()),
    hex: length => Array.from({length}, () => integer(0, 15).toString(16)).join(''),
    stream: child => createRandom(seed, `${name}/${child}`),
  };
}

function rotate(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return value;
}
