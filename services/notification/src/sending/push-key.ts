import { createHash } from 'node:crypto';
import type { PushDoc } from '../store/push-model.ts';

/** Names a content of a slot: the same however often it is sent. */
export function idempotencyKey({ _id, rev }: Pick<PushDoc, '_id' | 'rev'>): string {
  return `${_id}:${rev}`;
}

/** Names a slot in the 32 characters of base64url that Web Push has for topics (RFC 8030, 5.4). */
export function topicOf({ _id }: Pick<PushDoc, '_id'>): string {
  return createHash('sha256').update(_id).digest('base64url').slice(0, 32);
}
