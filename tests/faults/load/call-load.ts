import { randomUUID } from 'node:crypto';
import { http } from '../../harness/http.ts';
import type { CallAftermath } from '../checker/check-calls.ts';
import type { Rows } from '../random.ts';
import type { Account } from './accounts.ts';
import { nextCall, nextWake } from './call-intents.ts';
import { CallParty } from './call-party.ts';
import { keptBusy } from './kept-busy.ts';
import type { Fate, PlannedCall } from './planned-call.ts';
import type { RunLog } from './run-log.ts';

export interface CallLoadOptions {
  readonly url: string;
  readonly log: RunLog;
  /** Two by two; the first `live` pairs stay in one call, the others call one another over and over. */
  readonly accounts: readonly Account[];
  readonly live: number;
  /** Each calls one of the sleepers, over and over: rings until that is missed, or gives up before. */
  readonly wakers: readonly Account[];
  /** Never connected, and reached by push alone. */
  readonly sleepers: readonly Account[];
  /** The first index in the log. */
  readonly firstWho: number;
  /** What they intend. */
  readonly rows: Rows;
}

export interface CallLoad {
  start(): void;
  /** Everything on the bus is lost: of calls that rang before nobody may hear any more, and whoever still waits then asks, as a client does whose ring lasts too long. */
  newsLost(): void;
  /** Places no more calls; resolves when those that were to end have, or `withinMs` are over. */
  finish(withinMs: number): Promise<void>;
  /**
   * Asks every party how its calls stand, for at most `withinMs`, and whether it is busy without a call, which it may be until `freeBy`, in
   * milliseconds since the run began.
   */
  aftermath(withinMs: number, freeBy: number): Promise<CallAftermath>;
  /** Those of the sleepers that are busy, likewise. They connect for that, after which they are not reached by push alone any more. */
  busySleepers(freeBy: number): Promise<number[]>;
  close(): Promise<void>;
}

/** Longer than anybody may ring, outages included. */
const CALL_PATIENCE_MS = 120_000;
const SIGNAL_EVERY_MS = 1_500;
const LOOK_EVERY_MS = 2_000;
/** A ring's end that was not lost is heard by then. */
const NEWS_WITHIN_MS = 25_000;
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function createCallLoad(options: CallLoadOptions): CallLoad {
  const { url, log, accounts, live, wakers, sleepers, firstWho, rows } = options;
  const calls = new Map<string, PlannedCall>();
  const parties = [...accounts, ...wakers].map(
    (account, at) => new CallParty({ url, who: firstWho + at, account, log, calls }),
  );
  const paired = parties.slice(0, accounts.length);
  const pairs: (readonly [CallParty, CallParty])[] = [];
  for (let at = 0; at + 1 < paired.length; at += 2) {
    const [one, two] = [paired[at], paired[at + 1]];
    if (one && two) pairs.push([one, two]);
  }
  let stopping = false;
  let lostAt = Number.NEGATIVE_INFINITY;
  /** Whether the news of its end may be lost, and would have come by now. */
  const mayBeOver = ({ record: { placedAt = 0 } }: PlannedCall): boolean =>
    placedAt <= lostAt && log.now() > lostAt + NEWS_WITHIN_MS;
  const running: Promise<void>[] = [];

  const plan = (caller: CallParty, callee: number, fate: Fate): PlannedCall => {
    const trace = [`${fate} by client ${caller.who} to client ${callee}`];
    const record = { id: randomUUID(), caller: caller.who, callee, ends: [], trace };
    const planned = { record, fate, trace, giveUpAt: performance.now() + CALL_PATIENCE_MS, handled: false };
    calls.set(record.id, planned);
    log.calls.push(record);
    return planned;
  };
  /** Over for both, or for nobody any more. */
  const over = async (planned: PlannedCall, pair: readonly CallParty[]): Promise<void> => {
    while (performance.now() < planned.giveUpAt) {
      const { ends } = planned.record;
      if (pair.every(({ who }) => ends.some((end) => end.who === who))) return;
      await pass(LOOK_EVERY_MS);
      for (const party of pair) {
        if (ends.some((end) => end.who === party.who)) continue;
        if (ends.length > 0 || mayBeOver(planned)) await party.look(planned);
      }
    }
  };

  /** Keeps one call alive, and makes another if it should be taken away. */
  const keepOneCall = async (caller: CallParty, callee: CallParty, random: () => number): Promise<void> => {
    while (!stopping) {
      const planned = plan(caller, callee.who, 'live');
      const placed = await caller.place(planned, callee.account, planned.giveUpAt);
      while (placed && planned.record.ends.length === 0 && !stopping) {
        await pass(SIGNAL_EVERY_MS * (0.5 + random()));
        if (planned.record.answeredAt === undefined) continue;
        await Promise.all([caller.signal(planned), callee.signal(planned)]);
      }
      await pass(1_000);
    }
  };

  const callAgainAndAgain = async (one: CallParty, two: CallParty, random: () => number): Promise<void> => {
    await pass(random() * 3_000);
    for (let turn = 0; !stopping; turn += 1) {
      const [caller, callee] = turn % 2 === 0 ? [one, two] : [two, one];
      const { fate, afterMs, byCaller, restMs } = nextCall(random);
      const planned = plan(caller, callee.who, fate);
      if (await caller.place(planned, callee.account, planned.giveUpAt)) {
        if (fate === 'cancel') {
          await pass(afterMs);
          await caller.end(planned, planned.giveUpAt);
        }
        if (fate === 'hangup') {
          await settled(planned, caller);
          await pass(afterMs);
          if (planned.record.ends.length === 0) {
            await (byCaller ? caller : callee).end(planned, planned.giveUpAt);
          }
        }
        await over(planned, [caller, callee]);
      }
      await pass(restMs);
    }
  };
  const wake = async (
    caller: CallParty,
    sleeper: Account,
    who: number,
    random: () => number,
  ): Promise<void> => {
    await pass(random() * 3_000);
    while (!stopping) {
      const { fate, afterMs, restMs } = nextWake(random);
      const planned = plan(caller, who, fate);
      if (await caller.place(planned, sleeper, planned.giveUpAt)) {
        if (fate === 'cancel') {
          await pass(afterMs);
          await caller.end(planned, planned.giveUpAt);
        }
        await over(planned, [caller]);
      }
      await pass(restMs);
    }
  };
  /** Answered, or over before it was. */
  const settled = async (planned: PlannedCall, caller: CallParty): Promise<void> => {
    const { record, giveUpAt } = planned;
    while (record.answeredAt === undefined && record.ends.length === 0 && performance.now() < giveUpAt) {
      await pass(mayBeOver(planned) ? LOOK_EVERY_MS : 100);
      if (mayBeOver(planned)) await caller.look(planned);
    }
  };

  const stillBusy = (party: CallParty, freeBy: number): Promise<boolean> =>
    keptBusy({ claimed: () => party.claimed(), deadline: freeBy, now: log.now });

  return {
    start() {
      for (const [at, [one, two]] of pairs.entries()) {
        const row = rows(`pair ${at}`);
        running.push(at < live ? keepOneCall(one, two, row) : callAgainAndAgain(one, two, row));
      }
      for (const [at, sleeper] of sleepers.entries()) {
        const caller = parties[accounts.length + at];
        if (caller) running.push(wake(caller, sleeper, firstWho + parties.length + at, rows(`wake ${at}`)));
      }
    },

    newsLost() {
      lostAt = log.now();
    },

    async finish(withinMs) {
      stopping = true;
      await Promise.race([Promise.all(running), pass(withinMs)]);
    },

    async aftermath(withinMs, freeBy) {
      const deadline = performance.now() + withinMs;
      const lives = [...calls.values()].filter(
        ({ record }) =>
          record.answeredAt !== undefined && record.endAskedAt === undefined && record.ends.length === 0,
      );
      const byWho = new Map(parties.map((party) => [party.who, party]));
      const kept = new Set<string>();
      await Promise.all(
        lives.map(async (planned) => {
          const [caller, callee] = [byWho.get(planned.record.caller), byWho.get(planned.record.callee)];
          while (caller && callee && performance.now() < deadline) {
            if (await heardBoth(planned, caller, callee)) {
              kept.add(planned.record.id);
              return;
            }
            await pass(500);
          }
        }),
      );
      const busy: number[] = [];
      await Promise.all(
        parties.map(async (party) => {
          const mine = lives.some(
            ({ record }) =>
              kept.has(record.id) && (record.caller === party.who || record.callee === party.who),
          );
          if (mine) return;
          if (await stillBusy(party, freeBy)) busy.push(party.who);
        }),
      );
      return { at: log.now(), live: kept, history: await readHistory(url, parties), busy };
    },

    async busySleepers(freeBy) {
      const busy: number[] = [];
      await Promise.all(
        sleepers.map(async (account, at) => {
          const party = new CallParty({ url, who: firstWho + parties.length + at, account, log, calls });
          if (await stillBusy(party, freeBy)) busy.push(party.who);
          await party.close();
        }),
      );
      return busy;
    },

    async close() {
      await Promise.all(parties.map((party) => party.close()));
    },
  };
}

/** Both have their places, and what each says reaches the other. */
async function heardBoth(planned: PlannedCall, caller: CallParty, callee: CallParty): Promise<boolean> {
  if (!(await caller.look(planned)) || !(await callee.look(planned))) return false;
  const before = [caller.signals, callee.signals];
  const sent = await Promise.all([caller.signal(planned), callee.signal(planned)]);
  if (!sent.every(Boolean)) return false;
  for (let waited = 0; waited < 20; waited += 1) {
    if (caller.signals > (before[0] ?? 0) && callee.signals > (before[1] ?? 0)) return true;
    await pass(100);
  }
  return false;
}

async function readHistory(
  url: string,
  parties: readonly CallParty[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const history = new Map<string, string[]>();
  for (const { account } of parties) {
    for (let before: string | undefined, more = true; more; ) {
      const query = new URLSearchParams({ limit: '100', ...(before === undefined ? {} : { before }) });
      const reply = await http('GET', `${url}/api/v1/calls?${query}`, { token: account.token });
      if (reply.status !== 200) throw new Error(`history of calls: ${reply.status}`);
      const calls = reply.body.calls as { id: string; endReason?: string }[];
      for (const { id, endReason } of calls) {
        if (endReason !== undefined) history.set(id, [...(history.get(id) ?? []), endReason]);
      }
      before = calls.at(-1)?.id;
      more = reply.body.more === true && calls.length > 0;
    }
  }
  return history;
}
