import type { Clock } from '@switchboard/ports';
import { Webhook } from 'standardwebhooks';
import type { Outside } from '../../outside/guarded-request.ts';
import type { Outcome } from '../outcome.ts';
import { presentationOf } from '../presentation.ts';
import { type Provider, REQUEST_MS, type Sendable } from '../provider.ts';
import { hostOf, outcomeOfFailure, outcomeOfReply } from './outside-outcome.ts';

const REQUESTS = { call: 4, chat: 8 } as const;

export interface WebhookDeviceOptions {
  readonly outside: Outside;
  readonly clock: Clock;
}

/** Push targets that are URLs of an app's own push gateway: a POST in the form of Standard Webhooks, whose `webhook-id` is the idempotency key. */
export function createWebhookDeviceProvider({ outside, clock }: WebhookDeviceOptions): Provider {
  const sendOne = async (push: Sendable, signal: AbortSignal): Promise<Outcome> => {
    try {
      const { address, id } = push.device;
      if (address.kind !== 'webhook') throw new TypeError('not a webhook');
      const at = new Date(clock.now());
      const body = JSON.stringify({
        type: `push.${push.content.type}`,
        timestamp: at.toISOString(),
        data: {
          deviceId: id,
          expiresAt: new Date(push.expiresAt).toISOString(),
          tag: push.topic,
          ...presentationOf(push.content),
          content: push.content,
        },
      });
      const reply = await outside.request({
        method: 'POST',
        url: address.url,
        headers: {
          'content-type': 'application/json',
          'webhook-id': push.key,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(address.secret).sign(push.key, at, body),
        },
        body,
        timeoutMs: REQUEST_MS,
        maxReplyBytes: 1_024,
        signal,
      });
      return outcomeOfReply(reply, [410], clock.now());
    } catch (error) {
      return outcomeOfFailure(error);
    }
  };
  return {
    laneOf: ({ address }) => `webhook:${hostOf(address.kind === 'webhook' ? address.url : '')}`,
    batch: 1,
    requests: REQUESTS,
    send: (pushes, signal) => Promise.all(pushes.map((push) => sendOne(push, signal))),
  };
}
