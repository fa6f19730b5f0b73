import type { Clock } from '@switchboard/ports';
import type { PushContent } from '@switchboard/protocol';
import type { Outside } from '../../outside/guarded-request.ts';
import type { Outcome } from '../outcome.ts';
import { presentationOf } from '../presentation.ts';
import { type Provider, REQUEST_MS, type Sendable } from '../provider.ts';
import { hostOf, outcomeOfFailure, outcomeOfReply } from './outside-outcome.ts';
import type { VapidSigner } from './vapid.ts';

/** Longest time to live that push services promise to keep to. */
const MAX_TTL_SECONDS = 2_419_200;
/** RFC 8030, 7.2: more than this a push service may refuse; encryption takes its share. */
const MAX_PAYLOAD_BYTES = 3_800;

export const WEB_PUSH_REQUESTS = { call: 8, chat: 16 } as const;

export interface WebPushOptions {
  readonly outside: Outside;
  readonly vapid: VapidSigner;
  readonly clock: Clock;
}

/** Web Push (RFC 8030), encrypted for the browser (RFC 8291), signed by our key (RFC 8292). */
export function createWebPushProvider({ outside, vapid, clock }: WebPushOptions): Provider {
  const sendOne = async (push: Sendable, signal: AbortSignal): Promise<Outcome> => {
    try {
      const { address } = push.device;
      if (address.kind !== 'web-push') throw new TypeError('not a web push subscription');
      const { endpoint, keys } = address;
      const ttl = Math.ceil((push.expiresAt - clock.now()) / 1_000);
      // With the first push: what it loads would be a part of every start.
      const { default: webPush } = await import('web-push');
      const details = webPush.generateRequestDetails({ endpoint, keys }, payloadOf(push), {
        TTL: Math.min(Math.max(ttl, 1), MAX_TTL_SECONDS),
        urgency: urgencyOf(push.content),
        topic: push.topic,
        contentEncoding: 'aes128gcm',
        headers: { Authorization: await vapid.authorization(new URL(endpoint).origin) },
      });
      const reply = await outside.request({
        method: 'POST',
        url: endpoint,
        headers: textHeaders(details.headers),
        body: details.body,
        timeoutMs: REQUEST_MS,
        maxReplyBytes: 1_024,
        signal,
      });
      return outcomeOfReply(reply, [404, 410], clock.now());
    } catch (error) {
      return outcomeOfFailure(error);
    }
  };
  return {
    laneOf: ({ address }) => `web-push:${hostOf(address.kind === 'web-push' ? address.endpoint : '')}`,
    batch: 1,
    requests: WEB_PUSH_REQUESTS,
    send: (pushes, signal) => Promise.all(pushes.map((push) => sendOne(push, signal))),
  };
}

/** What wakes a phone that sleeps: rings, their end, and that somebody called. */
function urgencyOf({ type }: PushContent): 'high' | 'normal' | 'low' {
  if (type === 'message') return 'normal';
  return type === 'conversation.read' ? 'low' : 'high';
}

/** What the service worker gets. `title` and `body` are absent from what takes a notification away; `tag` names the notification. */
function payloadOf({ key, topic, content }: Sendable): string {
  const text = JSON.stringify({ v: 1, id: key, tag: topic, ...presentationOf(content), data: content });
  if (Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES || content.type !== 'message') return text;
  const { preview: _preview, ...rest } = content;
  return JSON.stringify({ v: 1, id: key, tag: topic, ...presentationOf(rest), data: rest });
}

function textHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
