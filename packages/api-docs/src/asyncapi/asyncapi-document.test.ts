import { dialects } from '@switchboard/dialects';
import { BusEvent, orderingKey, STREAMS } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fixtures } from '../../../dialects/src/fixtures/all.ts';
import { createApiDocs } from '../create-api-docs.ts';
import type { JsonObject } from '../json.ts';
import {
  closed,
  documentSchemas,
  onTheWire,
  pointer,
  pointersTo,
  publishedComplaints,
} from '../testing/document-schemas.ts';
import { asyncApiDocument } from './asyncapi-document.ts';
import { messageId } from './message-id.ts';

const { asyncapi } = createApiDocs();
// The schema objects of AsyncAPI 3.0 extend JSON Schema draft-07.
const schemas = documentSchemas(asyncapi, 'draft-07');
const strict = documentSchemas(closed(asyncapi), 'draft-07');

const described = Object.values(asyncapi.operations as Record<string, JsonObject>);
const streams = Object.keys(STREAMS).map((stream) => `#/channels/${stream}`);
const [operations, streamed] = [false, true].map((stream) =>
  described.filter(({ channel }) => streams.includes(String((channel as JsonObject).$ref)) === stream),
) as [JsonObject[], JsonObject[]];
const channels = asyncapi.channels as Record<string, JsonObject & { messages: Record<string, JsonObject> }>;

const payloadAt = (dialect: string, id: string) => pointer('channels', dialect, 'messages', id, 'payload');

/** `peer receive callUser`, for every operation of the document. */
function describedEvents(): string[] {
  return operations.map(({ action, channel, messages }) => {
    const [message] = messages as readonly { $ref: string }[];
    const [dialect = '', , id = ''] = message?.$ref.split('/').slice(2) ?? [];
    expect((channel as JsonObject).$ref).toBe(`#/channels/${dialect}`);
    return `${dialect} ${String(action)} ${String(channels[dialect]?.messages[id]?.name)}`;
  });
}

describe('the AsyncAPI document', () => {
  it('has every event of every vocabulary in both directions, and no other', () => {
    const events = [...dialects.values()].flatMap(({ name, inbound, outbound }) => [
      ...[...inbound.keys()].map((event) => `${name} receive ${event}`),
      ...[...outbound.keys()].map((event) => `${name} send ${event}`),
    ]);
    expect(describedEvents().sort()).toStrictEqual(events.sort());
  });

  it.each([...dialects.values()].map((dialect) => [dialect.name, dialect] as const))(
    'has a channel for %s, and in it what its operations name',
    (name, { transport, variantOf, inbound }) => {
      const channel = channels[name];
      expect(channel?.['x-variant-of']).toBe(variantOf);
      expect(channel?.servers).toStrictEqual([
        { $ref: transport === 'socket.io' ? '#/servers/socketio' : '#/servers/websocket' },
      ]);
      const own = operations.filter(
        (operation) => (operation.channel as JsonObject).$ref === `#/channels/${name}`,
      );
      const named = own.flatMap(({ messages, reply }) => [
        ...(messages as readonly { $ref: string }[]),
        ...((reply as { messages: readonly { $ref: string }[] } | undefined)?.messages ?? []),
      ]);
      expect([...new Set(named.map(({ $ref }) => $ref.split('/').at(-1) ?? ''))].sort()).toStrictEqual(
        Object.keys(channel?.messages ?? {}).sort(),
      );
      // Whoever can ask for an ack is told what it looks like.
      const acknowledged = own.filter(({ reply }) => reply !== undefined);
      expect(acknowledged).toHaveLength(transport === 'socket.io' ? inbound.size : 0);
    },
  );

  it('holds valid JSON Schema, every schema of it', () => {
    const all = pointersTo(['payload'], asyncapi);
    const named = Object.keys((asyncapi.components as { schemas: JsonObject }).schemas);
    expect(all.length).toBeGreaterThanOrEqual(operations.length);
    for (const place of [...all, ...named.map((name) => pointer('components', 'schemas', name))]) {
      expect(() => schemas.complaints(place, null)).not.toThrow();
    }
  });

  it('describes a vocabulary on a WebSocket without acks, a channel a room', () => {
    const native = dialects.get('native');
    if (!native) throw new Error('no native');
    const raw = { ...native, transport: 'websocket' } as const;
    expect(asyncApiDocument([raw], '0')).toMatchObject({
      servers: { websocket: { protocol: 'ws' } },
      channels: { native: { address: '/ws/chat/{room_id}/', parameters: { room_id: {} } } },
    });
    expect(JSON.stringify(asyncApiDocument([raw], '0'))).not.toContain('"reply"');
  });

  it('refuses two events that it could not tell apart', () => {
    const native = dialects.get('native');
    if (!native) throw new Error('no native');
    const event = { schema: z.object({}), summary: 'Says something.' };
    const outbound = new Map([
      ['a:b', event],
      ['a b', event],
    ]);
    expect(() => asyncApiDocument([{ ...native, outbound }], '0')).toThrow(/two messages/);
  });
});

describe('the event stream', () => {
  const types = BusEvent.options.map(({ shape }) => shape.type.value);

  it('has every event, in the stream that holds it, and no other', () => {
    const said = streamed.map(
      ({ action, title, channel }) =>
        `${String(action)} ${String(title)} ${String((channel as JsonObject).$ref)}`,
    );
    const streamOf = (type: string) =>
      Object.entries(STREAMS).find(([, subjects]) => type.startsWith(subjects.slice(0, -1)))?.[0];
    expect(said.sort()).toStrictEqual(
      types.map((type) => `send ${type} #/channels/${streamOf(type)}`).sort(),
    );
  });

  it('says where each is found: its type, and a partition', () => {
    for (const stream of Object.keys(STREAMS)) {
      const { address, parameters, servers } = channels[stream] as JsonObject;
      expect(address).toBe('{type}.p{partition}');
      expect(servers).toStrictEqual([{ $ref: '#/servers/nats' }]);
      const { type, partition } = parameters as Record<string, { enum: string[] }>;
      expect(type?.enum).toStrictEqual(Object.keys(channels[stream]?.messages ?? {}));
      expect(partition?.enum).toStrictEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    }
  });

  it('describes headers and payload as they are sent', () => {
    const event = BusEvent.parse({
      v: 1,
      id: '0198a1de-0000-7000-8000-0000000000e1',
      at: '2025-09-25T10:30:00.000Z',
      type: 'auth.session.revoked',
      userId: '7',
    });
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-source': 'urn:switchboard:auth',
      'ce-type': event.type,
      'ce-time': event.at,
      'ce-subject': orderingKey(event),
      'content-type': 'application/json',
      'Nats-Msg-Id': event.id,
    };
    const at = (part: string) => pointer('channels', 'AUTH', 'messages', event.type, part);
    expect(strict.complaints(at('payload'), event)).toStrictEqual([]);
    expect(strict.complaints(at('headers'), headers)).toStrictEqual([]);
    expect(strict.complaints(at('headers'), { ...headers, 'ce-type': 'call.ended' })).not.toStrictEqual([]);
    expect(strict.complaints(at('payload'), { ...event, userId: 7 })).not.toStrictEqual([]);
  });
});

describe.each([...dialects.values()].map((dialect) => [dialect.name, dialect] as const))(
  'the golden events of %s',
  (name, dialect) => {
    const golden = fixtures.get(name);
    if (!golden) throw new Error(`${name} has no fixtures`);

    it.each(
      [...golden.outbound, ...golden.errorFrames]
        .flatMap(({ frames }) => frames)
        .map((f) => [f.event, f] as const),
    )('sent: %s is as described, field by field', (event, { args }) => {
      const place = payloadAt(name, messageId('send', event));
      expect(schemas.complaints(place, onTheWire(args[0]))).toStrictEqual([]);
      expect(strict.complaints(place, onTheWire(args[0]))).toStrictEqual([]);
    });

    const published = ({ event, args }: (typeof golden.inbound)[number]) =>
      publishedComplaints({ open: schemas, strict }, payloadAt(name, messageId('receive', event)), args[0]);

    it.each(golden.inbound.map((fixture) => [fixture.event, fixture] as const))(
      'received: %s is as described, or in other words',
      (_event, fixture) => {
        const { excused, complaints } = published(fixture);
        if (!excused) expect(complaints).toStrictEqual([]);
      },
    );

    it('received: each in the documented words at least once', () => {
      const spoken = golden.inbound
        .filter((fixture) => published(fixture).fits)
        .map(({ event }) => dialect.inbound.get(event)?.schema);
      const silent = [...dialect.inbound].filter(([, { schema }]) => !spoken.includes(schema));
      expect(silent.map(([event]) => event)).toStrictEqual([]);
    });

    it('acknowledged: as described', () => {
      const messages = channels[name]?.messages ?? {};
      for (const { reply, fields } of golden.acks) {
        const own = messageId('ack', reply.type);
        const place = payloadAt(name, own in messages ? own : messageId('ack'));
        const ack = onTheWire({ ...fields, ok: true, success: true });
        expect(schemas.complaints(place, ack)).toStrictEqual([]);
        if (own in messages) expect(strict.complaints(place, ack)).toStrictEqual([]);
      }
    });
  },
);
