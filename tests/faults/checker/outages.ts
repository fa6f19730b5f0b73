/** From when to when something was so; milliseconds since the run began. */
export interface Span {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** While something that clients need is away as a whole, and what they need it for cannot be asked of it; until it answered again. */
export type Outage = Span;

/** How much of `from`…`to` lies outside all outages. */
export function unhindered(from: number, to: number, outages: readonly Outage[]): number {
  let clear = 0;
  let at = from;
  for (const outage of [...outages].sort((a, b) => a.from - b.from)) {
    if (outage.to <= at) continue;
    if (outage.from >= to) break;
    clear += Math.max(0, outage.from - at);
    at = Math.max(at, outage.to);
  }
  return clear + Math.max(0, to - at);
}
