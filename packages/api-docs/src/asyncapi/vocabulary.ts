import type { Dialect } from '@switchboard/dialects';
import type { JsonObject } from '../json.ts';
import type { SchemaBook } from '../schema-book.ts';
import { vocabularies } from '../vocabularies.ts';
import { ackOf } from './acks.ts';
import { messageId } from './message-id.ts';
import { transports } from './transports.ts';

/** The channel of a vocabulary, and one operation an event. `receive` is what the server is told, `send` what it says. */
export function describeVocabulary(
  dialect: Dialect,
  schemas: SchemaBook,
): { readonly channel: JsonObject; readonly operations: JsonObject } {
  const { name, transport, inbound, outbound } = dialect;
  const { acks, channel } = transports[transport];
  const messages = new Map<string, JsonObject>();
  const operations = new Map<string, JsonObject>();
  const here = `#/channels/${name}`;

  const say = (id: string, message: JsonObject): JsonObject => {
    if (messages.has(id)) throw new Error(`two messages of ${name} are called ${id}`);
    messages.set(id, { contentType: 'application/json', ...message });
    return { $ref: `${here}/messages/${id}` };
  };
  const ack = (event: string): JsonObject => {
    const { specific, schema } = ackOf(name, event);
    const id = messageId('ack', specific ? event : undefined);
    if (messages.has(id)) return { $ref: `${here}/messages/${id}` };
    return say(id, {
      name: specific ? `${event} (ack)` : 'ack',
      summary: specific ? `The ack of ${event}.` : 'The ack of any event.',
      payload: schemas.of(schema, 'output'),
    });
  };

  for (const [event, { schema, summary, anonymous }] of inbound) {
    const id = messageId('receive', event);
    const message = say(id, { name: event, summary, payload: schemas.of(schema, 'input') });
    operations.set(`${name}.${id}`, {
      action: 'receive',
      title: event,
      summary,
      channel: { $ref: here },
      messages: [message],
      ...(anonymous ? { description: 'May come before the socket is authenticated.' } : {}),
      ...(acks ? { reply: { channel: { $ref: here }, messages: [ack(event)] } } : {}),
    });
  }
  for (const [event, { schema, summary }] of outbound) {
    const id = messageId('send', event);
    const message = say(id, { name: event, summary, payload: schemas.of(schema, 'output') });
    operations.set(`${name}.${id}`, {
      action: 'send',
      title: event,
      summary,
      channel: { $ref: here },
      messages: [message],
    });
  }
  return {
    channel: {
      ...channel,
      title: name,
      description: vocabularies[name],
      servers: [{ $ref: `#/servers/${serverName(transport)}` }],
      ...(dialect.variantOf === undefined ? {} : { 'x-variant-of': dialect.variantOf }),
      messages: Object.fromEntries(messages),
    },
    operations: Object.fromEntries(operations),
  };
}

/** Keys of servers hold no dots. */
export function serverName(transport: Dialect['transport']): string {
  return transport.replace(/\W/g, '');
}
