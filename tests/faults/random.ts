/** Repeatable numbers in [0, 1) (mulberry32): the same seed gives the same row, whatever else happens. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Name of whoever intends something → its own row of numbers, so that no row depends on who else came first. */
export type Rows = (name: string) => () => number;

/** The same seed and name give the same row. */
export function seededRows(seed: number): Rows {
  return (name) => {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (const letter of `${seed} ${name}`) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
    return seeded(hash);
  };
}
