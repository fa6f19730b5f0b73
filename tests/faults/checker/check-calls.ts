import { type Outage, type Span, unhindered } from './outages.ts';

/** What a party learned of the end of a call. `gone`: it asked, and the call was not there any more. */
export interface HeardEnd {
  readonly who: number;
  readonly at: number;
  readonly reason: string;
}

/** A call as its two clients knew it. Times in milliseconds since the run began. */
export interface CallRecord {
  readonly id: string;
  readonly caller: number;
  readonly callee: number;
  /** The caller was told that it rings. */
  placedAt?: number;
  /** It was refused, and never rang. */
  refused?: string;
  /** Either side was told that it was answered. */
  answeredAt?: number;
  /** The first time that either side asked for its end, in whatever words. */
  endAskedAt?: number;
  readonly ends: HeardEnd[];
  /** What its parties asked and were answered, in words, for whoever has to find out what went wrong. */
  readonly trace?: readonly string[];
}

/** What is found after healing. */
export interface CallAftermath {
  /** When the clients stopped; milliseconds since the run began. */
  readonly at: number;
  /** Calls in which both parties still have their places, and hear each other. */
  readonly live: ReadonlySet<string>;
  /** Call → its ends in the history; more than one where the two parties read different ones. */
  readonly history: ReadonlyMap<string, readonly string[]>;
  /** Clients that are in no call and yet busy. */
  readonly busy: readonly number[];
}

export interface CallFindings {
  readonly placed: number;
  readonly refused: number;
  readonly established: number;
  /** Nobody asked for their end. */
  readonly live: number;
  readonly survived: number;
  readonly wronglyEnded: number;
  /** Rang longer than allowed, outages apart, or have no end. */
  readonly unended: number;
  /** Ended in two ways. */
  readonly severalEnds: number;
  /**
   * The parties heard one end, and the history a broken line: what it says of a call of whose end it was never told, because all of NATS came back
   * empty with the event in it. Of a call that was not under way then, that is an end of its own.
   */
  readonly guessed: number;
  /** Clients busy without a call. */
  readonly ghost: number;
  readonly longestRingMs: number;
  /** The call that rang longest, in words. */
  readonly longestRing: string;
  readonly examples: readonly string[];
}

export interface CallScene {
  /** While no call could be ended, or its end be heard. */
  readonly silences: readonly Outage[];
  /** While all of NATS was away and came back empty. */
  readonly newsLost: readonly Span[];
}

const MAX_EXAMPLES = 20;
/** What was told before NATS was emptied is heard by all within this, or was lost with it. */
const TOLD_WITHIN_MS = 15_000;
/** Written into the history for a call that nobody ended there. */
const GUESS = 'network_error';

/** Pure. */
export function checkCalls(
  calls: readonly CallRecord[],
  aftermath: CallAftermath,
  { silences, newsLost }: CallScene,
  { ringEndsWithinMs }: { readonly ringEndsWithinMs: number },
): CallFindings {
  const examples: string[] = [];
  const found = { wronglyEnded: 0, unended: 0, severalEnds: 0 };
  const complain = (what: keyof typeof found, call: CallRecord, words: string): void => {
    found[what] += 1;
    if (examples.length < MAX_EXAMPLES) {
      examples.push(`${what}: ${words}: ${inWords(call)}`);
    }
  };
  let placed = 0;
  let established = 0;
  let live = 0;
  let survived = 0;
  let guessed = 0;
  let longestRingMs = 0;
  let longestRing = '';

  for (const call of calls) {
    if (call.placedAt === undefined) continue;
    placed += 1;
    const first = call.ends.reduce<HeardEnd | undefined>(
      (least, end) => (least && least.at <= end.at ? least : end),
      undefined,
    );

    const settledAt = Math.min(
      call.answeredAt ?? Number.POSITIVE_INFINITY,
      first?.at ?? Number.POSITIVE_INFINITY,
    );
    const rang = unhindered(call.placedAt, Math.min(settledAt, aftermath.at), silences);
    if (rang > longestRingMs) {
      longestRingMs = rang;
      longestRing = inWords(call);
    }
    if (rang > ringEndsWithinMs) complain('unended', call, `rang ${Math.round(rang)} ms`);

    const reasons = new Set(call.ends.map(({ reason }) => reason).filter((reason) => reason !== 'gone'));
    const heard = reasons.size > 0;
    const kept = aftermath.history.get(call.id) ?? [];
    const over = Math.max(...call.ends.map(({ at }) => at));
    const excused =
      heard && newsLost.some(({ from, to }) => (call.placedAt ?? 0) <= to && over >= from - TOLD_WITHIN_MS);
    if (excused && kept.includes(GUESS) && !reasons.has(GUESS)) guessed += 1;
    for (const reason of kept) if (!excused || reason !== GUESS) reasons.add(reason);
    if (reasons.size > 1) complain('severalEnds', call, `ended as ${[...reasons].join(' and ')}`);

    if (call.answeredAt === undefined) continue;
    established += 1;
    if (call.endAskedAt === undefined) {
      live += 1;
      if (aftermath.live.has(call.id) && !first) survived += 1;
      else complain('wronglyEnded', call, `${call.ends.map(said).join('; ') || 'not live in the end'}`);
    } else if (first && first.at < call.endAskedAt) {
      complain(
        'wronglyEnded',
        call,
        `${call.ends.map(said).join('; ')}; asked for at ${Math.round(call.endAskedAt)} ms`,
      );
    } else if (!first && !aftermath.history.has(call.id)) {
      complain('unended', call, `was to end and did not`);
    }
  }
  return {
    placed,
    refused: calls.filter(({ refused }) => refused !== undefined).length,
    established,
    live,
    survived,
    ...found,
    guessed,
    ghost: aftermath.busy.length,
    longestRingMs,
    longestRing,
    examples: [...examples, ...aftermath.busy.map((who) => `ghost: client ${who} is busy`)].slice(
      0,
      MAX_EXAMPLES,
    ),
  };
}

const inWords = ({ id, trace = [] }: CallRecord): string => [id, ...trace].join('\n      ');
const said = ({ reason, at, who }: HeardEnd): string =>
  `${reason}, heard by client ${who} at ${Math.round(at)} ms`;
