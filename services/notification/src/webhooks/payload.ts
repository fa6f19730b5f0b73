import type { BusEvent } from '@switchboard/protocol';

export interface PayloadOptions {
  /** false leaves the text of messages out. */
  readonly messageText: boolean;
}

/** What an endpoint is sent of an event, as Standard Webhooks has it: `{type, timestamp, data}`. Its id travels in the headers. */
export function eventPayload(event: BusEvent, { messageText }: PayloadOptions): string {
  const { v: _v, id: _id, type, at, ...data } = event;
  return payload(type, at, messageText ? data : withoutText(event, data));
}

export function payload(type: string, timestamp: string, data: object): string {
  return JSON.stringify({ type, timestamp, data });
}

function withoutText(event: BusEvent, data: object): object {
  if (event.type !== 'chat.message.created') return data;
  const { content: _content, ...message } = event.message;
  return { ...data, message };
}
