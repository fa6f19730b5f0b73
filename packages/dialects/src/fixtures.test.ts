import { Command, type Delivery, type DeliveryType } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { fixtures } from './fixtures/all.ts';
import { ALICE, contextFor } from './fixtures/canon.ts';
import { dialects, presentRestError } from './registry.ts';

/** A Record, so that a new delivery type fails to compile until it is listed. */
const DELIVERY_TYPES: Record<DeliveryType, true> = {
  connected: true,
  presence: true,
  'message.created': true,
  'message.delivered': true,
  'message.read': true,
  typing: true,
  'room.participants': true,
  'room.joined': true,
  'room.left': true,
  'room.signal': true,
  'room.updated': true,
  'room.deleted': true,
  'call.placed': true,
  'call.incoming': true,
  'call.answered': true,
  'call.responded': true,
  'call.rejected': true,
  'call.failed': true,
  'call.ended': true,
  'call.peer': true,
  'call.moved': true,
  'ice.servers': true,
  'call.signal': true,
  'server.drain': true,
};

/** JSON, as the wire has it: an undefined field must not be told from an absent one by accident. */
const onTheWire = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

describe.each([...dialects.values()].map((dialect) => [dialect.name, dialect] as const))(
  '%s',
  (name, dialect) => {
    const golden = fixtures.get(name);
    if (!golden) throw new Error(`${name} has no fixtures`);

    it.each(golden.inbound.map((fixture) => [fixture.event, fixture] as const))(
      'understands %s',
      (event, { args, command }) => {
        const decoded = dialect.inbound.get(event)?.decode(args, { userId: ALICE });
        expect(decoded).toStrictEqual({ ok: true, value: command });
        expect(Command.parse(command)).toStrictEqual(command);
      },
    );

    it.each(golden.refused.map((fixture) => [fixture.event, fixture] as const))(
      'refuses %s naming the fields',
      (event, { args, fields }) => {
        const decoded = dialect.inbound.get(event)?.decode(args, { userId: ALICE });
        expect(decoded).toMatchObject({ ok: false, error: { code: 'INVALID_DATA', retryable: false } });
        if (decoded?.ok !== false) return;
        expect(Object.keys(decoded.error.fields ?? {})).toStrictEqual([...fields]);
      },
    );

    it.each(golden.outbound.map((fixture) => [fixture.when, fixture] as const))(
      'says it when %s',
      (_when, { delivery, to, frames }) => {
        const encoded = dialect.encode(delivery, contextFor(to));
        expect(onTheWire(encoded)).toStrictEqual(onTheWire(frames));
        for (const frame of encoded) {
          expect(frame.args).toHaveLength(1);
          dialect.outbound.get(frame.event)?.schema.parse(frame.args[0]);
        }
      },
    );

    it.each(golden.acks.map((fixture) => [fixture.reply.type, fixture] as const))(
      'acknowledges %s',
      (_type, { reply, to, fields }) => {
        expect(onTheWire(dialect.ackFields(reply, contextFor(to)))).toStrictEqual(onTheWire(fields));
      },
    );

    it.each(golden.errorFrames.map((fixture) => [fixture.rejection.code, fixture] as const))(
      'says %s on the socket',
      (_code, { rejection, frames }) => {
        const encoded = dialect.error(rejection);
        expect(onTheWire(encoded)).toStrictEqual(onTheWire(frames));
        for (const frame of encoded) dialect.outbound.get(frame.event)?.schema.parse(frame.args[0]);
      },
    );

    it.each(
      golden.rest.map(
        (fixture) => [`${fixture.operation.method} ${fixture.operation.path}`, fixture] as const,
      ),
    )('serves %s', (_route, { operation, request = {}, status, presented, body }) => {
      for (const part of ['params', 'query', 'body'] as const) {
        const expected = request[part];
        if (expected) expect(operation[part]?.parse(expected.sent)).toStrictEqual(expected.parsed);
        else expect(part === 'params' ? operation[part] : undefined).toBeUndefined();
      }
      expect(onTheWire(presented)).toStrictEqual(body);
      const schema = operation.replies[status];
      expect(schema).toBeDefined();
      schema?.parse(presented);
    });

    it.each(golden.restErrors.map((fixture) => [fixture.rejection.code, fixture] as const))(
      'answers %s over HTTP',
      (_code, { rejection, reply }) => {
        expect(presentRestError(name)(rejection)).toStrictEqual(reply);
      },
    );

    it('has a fixture for every inbound event, good and bad', () => {
      const events = [...dialect.inbound.keys()].sort();
      expect([...new Set(golden.inbound.map(({ event }) => event))].sort()).toStrictEqual(events);
      expect([...new Set(golden.refused.map(({ event }) => event))].sort()).toStrictEqual(events);
    });

    it('has a fixture for every outbound event, and no fixture says another', () => {
      const said = [...golden.outbound, ...golden.errorFrames].flatMap(({ frames }) =>
        frames.map(({ event }) => event),
      );
      expect([...new Set(said)].sort()).toStrictEqual([...dialect.outbound.keys()].sort());
    });

    it('has a fixture for every delivery', () => {
      const types = new Set<Delivery['type']>(golden.outbound.map(({ delivery }) => delivery.type));
      expect([...types].sort()).toStrictEqual(Object.keys(DELIVERY_TYPES).sort());
    });
  },
);
