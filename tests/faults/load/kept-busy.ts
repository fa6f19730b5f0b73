/** Whoever's call ended only now is asked again until then. */
const RELEASED_WITHIN_MS = 2_000;
/** Whoever cannot be asked at once is asked again until then. */
const ANSWERS_WITHIN_MS = 20_000;
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface BusyQuestion {
  /** The call that the user is said to be in; null: in none; undefined: it could not be asked. */
  readonly claimed: () => Promise<string | null | undefined>;
  /** As `now` tells it; it may be past already. */
  readonly deadline: number;
  readonly now: () => number;
  readonly askEveryMs?: number;
}

/** Whether a user that is in no call is said to be in one even after the deadline, or cannot be asked. */
export async function keptBusy({
  claimed,
  deadline,
  now,
  askEveryMs = 1_000,
}: BusyQuestion): Promise<boolean> {
  const [released, answered] = [now() + RELEASED_WITHIN_MS, now() + ANSWERS_WITHIN_MS];
  for (;;) {
    const call = await claimed();
    if (call === null) return false;
    if (now() > Math.max(deadline, call === undefined ? answered : released)) return true;
    await pass(askEveryMs);
  }
}
