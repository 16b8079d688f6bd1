/** A generator of numbers from 0 up to 1 that gives the same ones for the same seed (a linear congruence of 2^31 - 1). */
export function seededRandom(seed: number): () => number {
  let state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
