/** Chance that can be repeated: the same numbers for the same seed. */

export type Random = (below: number) => number;

/** Whole numbers from 0 up to, not including, what is asked for (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** KANADE_TEST_SEED, else the days since 1970 (UTC): what is run changes from day to day and not within one. */
export function seedOfTheDay(env: NodeJS.ProcessEnv, nowMs: number): number {
  const given = Number(env.KANADE_TEST_SEED ?? '');
  return Number.isSafeInteger(given) && given > 0 ? given : Math.floor(nowMs / 86_400_000);
}

/** `count` of `all`, in their order. */
export function shareOf<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = randomOf(seed);
  const left = all.map((_, index) => index);
  const chosen: number[] = [];
  while (chosen.length < count && left.length > 0) chosen.push(...left.splice(random(left.length), 1));
  const wanted = new Set(chosen);
  return all.filter((_, index) => wanted.has(index));
}
