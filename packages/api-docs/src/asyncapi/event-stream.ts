import { BusEvent, type EventType, STREAMS } from '@switchboard/protocol';
import { z } from 'zod';
import type { JsonObject } from '../json.ts';
import type { SchemaBook } from '../schema-book.ts';
import { eventSummaries } from './event-summaries.ts';

/** A stream's name is a channel of its own: no vocabulary is called so. */
type StreamName = keyof typeof STREAMS;

const PARTITIONS = 8;

export const natsServer: JsonObject = {
  host: '{host}',
  variables: { host: { default: 'localhost:4222', description: 'Where NATS is reached.' } },
  protocol: 'nats',
  description: `The event stream for internal services, on JetStream, where Switchboard runs on NATS.

A message is a CloudEvent 1.0 in binary mode: its attributes are the headers, its data is the payload. The last part of a subject is a partition: events with the same \`ce-subject\` share one and come in order. Delivery is at least once; \`ce-id\` tells what came twice.

The user \`events\` of \`deploy/nats/nats.conf\` may make consumers and read, and listens on \`_INBOX_events.>\` alone; \`subscribeEvents\` of \`@switchboard/client/events\` does it right.`,
  security: [{ $ref: '#/components/securitySchemes/nats' }],
};

export const natsSecurity: JsonObject = {
  type: 'userPassword',
  description: 'The user `events` and its password.',
};

/** The streams as channels, and one operation an event: what other services may hear. */
export function describeEventStream(schemas: SchemaBook): {
  readonly channels: JsonObject;
  readonly operations: JsonObject;
} {
  const channels: Record<string, JsonObject> = {};
  const operations: Record<string, JsonObject> = {};
  for (const [stream, subjects] of Object.entries(STREAMS) as [StreamName, string][]) {
    const events = BusEvent.options.filter(({ shape }) =>
      shape.type.value.startsWith(subjects.replace('>', '')),
    );
    const types = events.map(({ shape }) => shape.type.value);
    channels[stream] = {
      title: stream,
      address: '{type}.p{partition}',
      description: `The stream \`${stream}\` of JetStream, subjects \`${subjects}\`.`,
      servers: [{ $ref: '#/servers/nats' }],
      parameters: {
        type: { enum: types, description: 'The type of the event.' },
        partition: {
          enum: Array.from({ length: PARTITIONS }, (_, partition) => String(partition)),
          description: 'By a hash of what the event is about; subscribe to `*` for all.',
        },
      },
      'x-jetstream-stream': stream,
      messages: Object.fromEntries(events.map((event) => message(event, stream, schemas))),
    };
    for (const type of types) {
      operations[`${stream}.send.${type}`] = {
        action: 'send',
        title: type,
        summary: eventSummaries[type],
        channel: { $ref: `#/channels/${stream}` },
        messages: [{ $ref: `#/channels/${stream}/messages/${type}` }],
      };
    }
  }
  return { channels, operations };
}

function message(
  event: (typeof BusEvent.options)[number],
  stream: StreamName,
  schemas: SchemaBook,
): [EventType, JsonObject] {
  const type = event.shape.type.value;
  return [
    type,
    {
      name: type,
      summary: eventSummaries[type],
      contentType: 'application/json',
      headers: schemas.of(headersOf(type, stream), 'output'),
      payload: schemas.of(event, 'output'),
    },
  ];
}

function headersOf(type: EventType, stream: StreamName) {
  return z.object({
    'ce-specversion': z.literal('1.0'),
    'ce-id': z.uuid().meta({ description: 'As `id` in the payload.' }),
    'ce-source': z.literal(`urn:switchboard:${stream.toLowerCase()}`),
    'ce-type': z.literal(type),
    'ce-time': z.iso.datetime().meta({ description: 'When it became true, as `at` in the payload.' }),
    'ce-subject': z.string().meta({ description: 'What it is about: events with the same come in order.' }),
    'content-type': z.literal('application/json'),
    'Nats-Msg-Id': z.uuid().meta({ description: 'As `ce-id`; JetStream drops what comes again by it.' }),
  });
}
