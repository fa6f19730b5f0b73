/**
 * The value below which `share` (0 to 1) of the values lie, between two of them in proportion; undefined for no values. `ascending` must be
 * sorted.
 */
export function percentile(ascending: readonly number[], share: number): number | undefined {
  const at = share * (ascending.length - 1);
  const below = ascending[Math.floor(at)];
  const above = ascending[Math.ceil(at)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (at - Math.floor(at));
}
