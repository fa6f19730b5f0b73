import type { Handler } from '../context.ts';

/**
 * Acknowledged when chat has stored it, and not before. A lost or late reply comes up as a retryable SERVICE_UNAVAILABLE: the message may or
 * may not be stored, and the same clientMessageId finds out.
 */
export const chatSend: Handler<'chat.send'> = (session, { type, ...message }, { bus }) =>
  bus.request(type, { ...message, actor: session.identity, origin: session.deviceId });
