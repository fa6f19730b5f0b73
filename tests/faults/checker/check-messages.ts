import type { Entry } from '../log/entry.ts';
import { LateDeliveries } from './late-deliveries.ts';
import type { Span } from './outages.ts';

/** A message as the database shows it after healing. `key`: NaN when the text is not one of ours. */
export interface StoredMessage {
  readonly id: string;
  readonly seq: number;
  readonly key: number;
}

/** Index of a conversation → its messages in the order of their numbers; an index below 0 for one that no client knows. */
export type StoredMessages = ReadonlyMap<number, readonly StoredMessage[]>;

/** Client → the conversations that it follows from first to last, and so must know as a whole in the end. */
export type Followers = ReadonlyMap<number, readonly number[]>;

export interface MessageScene {
  readonly followers: Followers;
  /** How a client is spoken to; for the numbers alone. */
  readonly vocabularyOf: (who: number) => string;
  /** While events of messages may have been left to the sweep, see `LateDeliveries`. */
  readonly swept: readonly Span[];
}

const BARE: MessageScene = { followers: new Map(), vocabularyOf: () => 'all', swept: [] };

export interface MessageFindings {
  readonly acked: number;
  readonly stored: number;
  readonly delivered: number;
  /** Acknowledged, and not stored as the acknowledgement said. */
  readonly lost: number;
  /** Stored a second time. */
  readonly duplicated: number;
  /** Acknowledged anew as another message. */
  readonly disagreeing: number;
  /** Stored before a message of the same sender that was acknowledged before this one was sent; or its number was there already. */
  readonly reordered: number;
  /** Missing in the numbers of a conversation, or to a client that had asked for everything it missed. */
  readonly gaps: number;
  /** Stored or delivered although nobody sent it, or it was refused, or what was delivered is not what is stored. */
  readonly phantom: number;
  /** Vocabulary → told on one connection after a later message of the conversation. */
  readonly deliveredLate: Readonly<Record<string, number>>;
  /** Of these, what should have come in turn, see `LateDeliveries`. */
  readonly outOfTurn: number;
  /** Told more than once to one client, which drops it by its number. */
  readonly deliveredAgain: number;
  /** Acknowledged as known already, after an attempt whose outcome was unknown: it had been stored. */
  readonly storedUnheard: number;
  /** From the first attempt to the acknowledgement, milliseconds. */
  readonly maxAckStallMs: number;
  /** A few of what was found wrong, in words. */
  readonly examples: readonly string[];
}

interface Sent {
  readonly who: number;
  readonly conversation: number;
  readonly firstAt: number;
  /** The keys of the same sender and conversation that were acknowledged by then; the last of them stands for all. */
  readonly behind: number | undefined;
  /** Attempts without a definite refusal. */
  open: number;
  unknown: boolean;
  ack?: { readonly id: string; readonly seq: number };
  ackedAt?: number;
}

const MAX_EXAMPLES = 20;

/** Compares what clients were told with what the database holds. Pure. */
export function checkMessages(
  entries: Iterable<Entry>,
  stored: StoredMessages,
  { followers, vocabularyOf, swept }: MessageScene = BARE,
): MessageFindings {
  const examples: string[] = [];
  const found = { lost: 0, duplicated: 0, disagreeing: 0, reordered: 0, gaps: 0, phantom: 0 };
  const complain = (what: keyof typeof found, words: string): void => {
    found[what] += 1;
    if (examples.length < MAX_EXAMPLES) examples.push(`${what}: ${words}`);
  };

  const byId = new Map<string, StoredMessage & { readonly conversation: number }>();
  const byKey = new Map<number, StoredMessage>();
  let storedCount = 0;
  for (const [conversation, messages] of stored) {
    let last = 0;
    for (const message of messages) {
      storedCount += 1;
      const { id, seq, key } = message;
      if (byKey.has(key)) complain('duplicated', `message ${key} is ${byKey.get(key)?.seq} and ${seq}`);
      else byKey.set(key, message);
      byId.set(id, { ...message, conversation });
      if (seq <= last) complain('reordered', `conversation ${conversation} has ${seq} after ${last}`);
      else if (seq > last + 1) {
        for (let missing = last + 1; missing < seq; missing += 1) {
          complain('gaps', `conversation ${conversation} has no ${missing}`);
        }
      }
      last = Math.max(last, seq);
    }
  }

  const sent = new Map<number, Sent>();
  const lastAcked = new Map<string, number>();
  const known = new Map<string, Set<number>>();
  const told = new Map<string, Set<number>>();
  const late = new LateDeliveries(swept);
  const tally = { acked: 0, delivered: 0, again: 0, unheard: 0, stall: 0 };

  for (const entry of entries) {
    const { kind, at, who, conversation, key, id, seq, note } = entry;
    const mine = sent.get(key);
    const lane = `${who} ${conversation}`;
    switch (kind) {
      case 'invoke':
        if (mine) mine.open += 1;
        else
          sent.set(key, {
            who,
            conversation,
            firstAt: at,
            behind: lastAcked.get(lane),
            open: 1,
            unknown: false,
          });
        break;
      case 'fail':
        if (mine) mine.open -= 1;
        break;
      case 'unknown':
        if (mine) mine.unknown = true;
        break;
      case 'ok': {
        if (!mine) {
          complain('phantom', `message ${key} was acknowledged and never sent`);
          break;
        }
        if (!mine.ack) {
          mine.ack = { id, seq };
          mine.ackedAt = at;
          tally.acked += 1;
          tally.stall = Math.max(tally.stall, at - mine.firstAt);
          if (note === 1 && mine.unknown) tally.unheard += 1;
          // In order of their being sent: a lane sends one at a time.
          lastAcked.set(lane, key);
        } else if (mine.ack.id !== id || (seq > 0 && mine.ack.seq > 0 && mine.ack.seq !== seq)) {
          complain('disagreeing', `message ${key} was acknowledged as ${mine.ack.seq} and as ${seq}`);
        }
        break;
      }
      case 'deliver':
      case 'repair': {
        const view = known.get(lane) ?? new Set<number>();
        known.set(lane, view);
        const truth = byId.get(id);
        if (
          !truth ||
          truth.conversation !== conversation ||
          truth.key !== key ||
          (seq > 0 && truth.seq !== seq)
        ) {
          complain(
            'phantom',
            `client ${who} was told of ${conversation}/${seq} (message ${key}), not stored so`,
          );
          break;
        }
        if (kind === 'deliver') {
          tally.delivered += 1;
          const heard = told.get(lane) ?? new Set<number>();
          told.set(lane, heard);
          if (heard.has(truth.seq)) tally.again += 1;
          else {
            const origin = sent.get(truth.key);
            const ahead = late.told({
              at,
              line: `${lane} ${note}`,
              seq: truth.seq,
              sent: origin && { by: origin.who, from: origin.firstAt, to: origin.ackedAt ?? at },
              vocabulary: vocabularyOf(who),
            });
            if (ahead && examples.length < MAX_EXAMPLES) {
              const times = [origin?.firstAt ?? 0, at, ahead.at].map(Math.round);
              examples.push(
                `out of turn: client ${who} (${vocabularyOf(who)}) heard ${conversation}/${truth.seq}, sent at ${times[0]} ms, at ${times[1]} ms, behind ${ahead.seq} at ${times[2]} ms`,
              );
            }
          }
          heard.add(truth.seq);
        }
        view.add(truth.seq);
        break;
      }
    }
  }

  for (const [key, { ack, behind, conversation, who }] of sent) {
    const message = byKey.get(key);
    if (ack) {
      const truth = byId.get(ack.id);
      if (!truth || truth.key !== key || truth.conversation !== conversation) {
        complain('lost', `message ${key} of client ${who} was acknowledged as ${conversation}/${ack.seq}`);
      } else if (ack.seq > 0 && ack.seq !== truth.seq) {
        complain('disagreeing', `message ${key} was acknowledged as ${ack.seq} and is ${truth.seq}`);
      }
      const lane = `${who} ${conversation}`;
      known.set(lane, (known.get(lane) ?? new Set()).add(truth?.seq ?? 0));
    }
    const before = behind === undefined ? undefined : byKey.get(behind);
    if (message && before && message.seq <= before.seq) {
      complain('reordered', `message ${key} is ${message.seq}, before ${before.seq}, sent after its ack`);
    }
  }

  for (const [key, message] of byKey) {
    const origin = sent.get(key);
    if (!origin) complain('phantom', `${message.id} is stored and was never sent`);
    else if (!origin.ack && origin.open === 0)
      complain('phantom', `message ${key} was refused and is stored`);
    else if (byId.get(message.id)?.conversation !== origin.conversation) {
      complain('phantom', `message ${key} is stored in another conversation`);
    }
  }

  for (const [who, conversations] of followers) {
    for (const conversation of conversations) {
      const view = known.get(`${who} ${conversation}`);
      for (const { seq } of stored.get(conversation) ?? []) {
        if (!view?.has(seq)) complain('gaps', `client ${who} never saw ${conversation}/${seq}`);
      }
    }
  }

  return {
    ...found,
    acked: tally.acked,
    stored: storedCount,
    delivered: tally.delivered,
    deliveredLate: late.byVocabulary,
    outOfTurn: late.outOfTurn,
    deliveredAgain: tally.again,
    storedUnheard: tally.unheard,
    maxAckStallMs: tally.stall,
    examples,
  };
}
