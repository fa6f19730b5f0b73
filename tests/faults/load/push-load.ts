import { randomUUID } from 'node:crypto';
import type { ExpoMessage, ExpoStandIn } from '../../../services/notification/src/testing/expo-stand-in.ts';
import { http } from '../../harness/http.ts';
import type { Push } from '../checker/check-pushes.ts';
import type { Outage } from '../checker/outages.ts';
import type { Account } from './accounts.ts';
import { keyOf } from './run-log.ts';

export interface PushLoad extends Disposable {
  /** What the devices got, in order. */
  readonly pushes: readonly Push[];
  /** Push target → the sleeper, by its index, whose it is. */
  readonly owners: ReadonlyMap<number, number>;
  /** When the push service did not get to answer, for this very process had too much to do. */
  readonly stalls: readonly Outage[];
  /** Pushes that were begun and are not answered. */
  inHand(): number;
}

export interface PushLoadOptions {
  readonly url: string;
  readonly standIn: ExpoStandIn;
  readonly sleepers: readonly Account[];
  /** Milliseconds since the run began. */
  readonly now: () => number;
  /** How slow the push service is. */
  readonly random: () => number;
}

const DEVICES_EACH = 2;
/** A push service takes its time: who dies then has something in hand. */
const [LEAST_SLOW_MS, MOST_SLOW_MS] = [50, 300];
const WATCH_EVERY_MS = 250;
const STALLED_MS = 2_000;

/** Users who are not there, and what their devices are pushed. */
export async function createPushLoad(options: PushLoadOptions): Promise<PushLoad> {
  const { url, standIn, sleepers, now, random } = options;
  const pushes: Push[] = [];
  const owners = new Map<number, number>();
  const devices = new Map<string, number>();
  standIn.misbehave = () => ({
    kind: 'slow',
    ms: LEAST_SLOW_MS + random() * (MOST_SLOW_MS - LEAST_SLOW_MS),
  });
  standIn.refuse = (message) => {
    pushes.push(asPush(message, devices.get(message.to) ?? -1, now()));
    return undefined;
  };
  for (const [owner, sleeper] of sleepers.entries()) {
    for (let each = 0; each < DEVICES_EACH; each += 1) {
      const token = `ExponentPushToken[${randomUUID()}]`;
      devices.set(token, devices.size);
      owners.set(owners.size, owner);
      const body = { kind: 'expo', token, platform: 'android' };
      const reply = await http('POST', `${url}/api/v1/devices`, { token: await sleeper.signIn(), body });
      if (reply.status !== 201) throw new Error(`register a device: ${reply.status}`);
    }
  }

  const stalls: Outage[] = [];
  let lookedAt = now();
  const watch = setInterval(() => {
    if (now() - lookedAt > STALLED_MS) stalls.push({ what: 'the push service', from: lookedAt, to: now() });
    lookedAt = now();
  }, WATCH_EVERY_MS);
  return {
    pushes,
    owners,
    stalls,
    inHand: () => standIn.traffic.inHand,
    [Symbol.dispose]: () => clearInterval(watch),
  };
}

function asPush({ data }: ExpoMessage, device: number, at: number): Push {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    at,
    device,
    id: text(data.id),
    type: text(data.type),
    callId: text(data.callId),
    seq: typeof data.seq === 'number' ? data.seq : 0,
    key: keyOf(data.preview),
  };
}
