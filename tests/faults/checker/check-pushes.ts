import type { StoredMessage } from './check-messages.ts';
import type { Outage } from './outages.ts';

/** A push as its device got it. */
export interface Push {
  /** Milliseconds since the run began. */
  readonly at: number;
  /** Index of the push target. */
  readonly device: number;
  /** The same for what is sent again. */
  readonly id: string;
  readonly type: string;
  /** Of a call; empty for others. */
  readonly callId: string;
  /** Of a message; 0 for others. */
  readonly seq: number;
  /** The number of the message that its preview shows; NaN for others. */
  readonly key: number;
}

export interface PushWitness {
  readonly pushes: readonly Push[];
  /** Push target → the conversation, by its index in the log, about which it is pushed. */
  readonly devices: ReadonlyMap<number, number>;
  /** Conversation → what it holds in the end, in order. */
  readonly stored: ReadonlyMap<number, readonly StoredMessage[]>;
  /** When a sender died, or could not write down what it had sent. */
  readonly setbacks: readonly Outage[];
}

export interface PushFindings {
  readonly pushes: number;
  readonly rings: number;
  /** Push targets that were not told of the last message. */
  readonly untold: number;
  /** Pushes that show a message that is not there, or another one. */
  readonly false: number;
  /** Calls about which a push target was told last that they ring. */
  readonly ringingOn: number;
  /** Sent again although there was time enough to write down that they were sent. */
  readonly repeated: number;
  /** Sent again by whoever found them unrecorded. */
  readonly repeatedAfterSetback: number;
  readonly examples: readonly string[];
}

/** What was sent is written down within this. */
const RECORDED_WITHIN_MS = 10_000;
const MAX_EXAMPLES = 10;

/** Pure. */
export function checkPushes({ pushes, devices, stored, setbacks }: PushWitness): PushFindings {
  const examples: string[] = [];
  const found = { untold: 0, false: 0, ringingOn: 0, repeated: 0 };
  const complain = (what: keyof typeof found, words: string): void => {
    found[what] += 1;
    if (examples.length < MAX_EXAMPLES) examples.push(`push ${what}: ${words}`);
  };
  const lastSeq = new Map<number, number>();
  const lastOfCall = new Map<string, Push>();
  const sent = new Map<string, Push>();
  let rings = 0;
  let repeatedAfterSetback = 0;

  for (const push of pushes) {
    const { device, id, type, at, seq, callId } = push;
    const conversation = devices.get(device) ?? -1;
    const once = sent.get(`${device} ${id}`);
    if (once) {
      const inTime = once.at + RECORDED_WITHIN_MS;
      if (setbacks.some(({ from, to }) => from <= inTime && to >= once.at && from <= at)) {
        repeatedAfterSetback += 1;
      } else complain('repeated', `${id} to target ${device} at ${ms(once.at)} and ${ms(at)}`);
    }
    sent.set(`${device} ${id}`, push);
    if (type === 'message') {
      lastSeq.set(device, Math.max(seq, lastSeq.get(device) ?? 0));
      const message = stored.get(conversation)?.[seq - 1];
      if (message?.seq !== seq || message.key !== push.key) {
        complain(
          'false',
          `message ${push.key} as ${seq} of conversation ${conversation} to target ${device}`,
        );
      }
    } else if (callId !== '') {
      if (type === 'call.incoming') rings += 1;
      lastOfCall.set(`${device} ${callId}`, push);
    }
  }

  for (const [device, conversation] of devices) {
    const last = stored.get(conversation)?.at(-1)?.seq ?? 0;
    const told = lastSeq.get(device) ?? 0;
    if (told < last)
      complain('untold', `target ${device} knows ${told} of ${last} in conversation ${conversation}`);
  }
  for (const { type, device, callId, at } of lastOfCall.values()) {
    if (type === 'call.incoming')
      complain('ringingOn', `target ${device} rings for ${callId} since ${ms(at)}`);
  }
  return { pushes: pushes.length, rings, ...found, repeatedAfterSetback, examples };
}

const ms = (at: number): string => `${Math.round(at)} ms`;
