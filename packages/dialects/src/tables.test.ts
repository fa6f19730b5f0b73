import { DialectName } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dialectOfPath } from './dialect-of-path.ts';
import { fixtures } from './fixtures/all.ts';
import { nativeAcks } from './native/schema.ts';
import { dialectOfEvent, dialects } from './registry.ts';
import { NoBody } from './rest-operation.ts';
import { restOperations } from './rest-tables.ts';

const all = [...dialects.values()];
const socketio = all.filter((dialect) => dialect.transport === 'socket.io');

function duplicates(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

describe('event names', () => {
  it('are inbound in one vocabulary only', () => {
    expect(duplicates(socketio.flatMap((dialect) => [...dialect.inbound.keys()]))).toStrictEqual([]);
  });

  it('are outbound in one vocabulary only, but for the error event that all share', () => {
    // What a variant says is heard by nobody who hears the vocabulary that it varies.
    const spoken = socketio.filter(({ variantOf }) => variantOf === undefined);
    const names = spoken.flatMap((dialect) => [...dialect.outbound.keys()]);
    expect([...new Set(duplicates(names))]).toStrictEqual(['error']);
    for (const { name, variantOf, outbound } of socketio) {
      if (variantOf === undefined) continue;
      const others = socketio.filter((other) => other.name !== name && other.name !== variantOf);
      const theirs = others.flatMap((other) => [...other.outbound.keys()]);
      expect([...outbound.keys()].filter((event) => theirs.includes(event))).toStrictEqual(['error']);
    }
  });

  it('are never those that Socket.IO keeps for itself', () => {
    const reserved = [
      'connect',
      'connect_error',
      'disconnect',
      'disconnecting',
      'newListener',
      'removeListener',
    ];
    for (const { inbound, outbound } of socketio) {
      for (const name of reserved) {
        expect(inbound.has(name)).toBe(false);
        expect(outbound.has(name)).toBe(false);
      }
    }
  });

  it('lead to the dialect that has them', () => {
    for (const dialect of socketio) {
      for (const event of dialect.inbound.keys()) expect(dialectOfEvent(event)).toBe(dialect);
    }
    const [expo, lower, peer] = (['expo', 'expo-lower', 'peer'] as const).map((name) => dialects.get(name));
    expect(dialectOfEvent('call_request', expo)).toBe(lower);
    expect(dialectOfEvent('CALL_REQUEST', lower)).toBe(expo);
    expect(dialectOfEvent('CALL_REQUEST', peer)).toBeUndefined();
    expect(dialectOfEvent('callUser', lower)).toBeUndefined();
    expect(dialectOfEvent('__proto__')).toBeUndefined();
    expect(dialectOfEvent('toString')).toBeUndefined();
  });

  it('may come before authentication only to authenticate', () => {
    const anonymous = all.flatMap(({ inbound }) =>
      [...inbound].filter(([, event]) => event.anonymous).map(([name]) => name),
    );
    expect(anonymous.sort()).toStrictEqual(['join', 'session.join']);
  });
});

describe('the published contract', () => {
  const schemas: [string, z.ZodType, 'input' | 'output'][] = [
    ...all.flatMap((dialect) => [
      ...[...dialect.inbound].map(([event, { schema }]): [string, z.ZodType, 'input'] => [
        `${dialect.name} in ${event}`,
        schema,
        'input',
      ]),
      ...[...dialect.outbound].map(([event, { schema }]): [string, z.ZodType, 'output'] => [
        `${dialect.name} out ${event}`,
        schema,
        'output',
      ]),
    ]),
    ...Object.entries(nativeAcks).map(([event, schema]): [string, z.ZodType, 'output'] => [
      `ack of ${event}`,
      schema,
      'output',
    ]),
    ...restOperations.flatMap(({ method, path, params, query, body, replies }) => [
      ...[params, query, body]
        .filter((schema) => schema !== undefined)
        .map((schema): [string, z.ZodType, 'input'] => [`${method} ${path}`, schema, 'input']),
      ...Object.entries(replies)
        .filter(([, schema]) => schema !== NoBody)
        .map(([status, schema]): [string, z.ZodType, 'output'] => [
          `${method} ${path} ${status}`,
          schema,
          'output',
        ]),
    ]),
  ];

  it.each(schemas)('can be made from %s', (_name, schema, io) => {
    const made = z.toJSONSchema(schema, { io });
    // A schema that vanished behind a transform would publish "anything".
    expect(Object.keys(made).filter((key) => key !== '$schema')).not.toStrictEqual([]);
  });

  it('acknowledges every native command by a schema', () => {
    expect(Object.keys(nativeAcks).sort()).toStrictEqual(
      [...(dialects.get('native')?.inbound.keys() ?? [])].sort(),
    );
    for (const { reply, fields } of fixtures.get('native')?.acks ?? []) nativeAcks[reply.type].parse(fields);
  });

  it('has a fixture for every route, each route once', () => {
    const served = [...fixtures.values()].flatMap(({ rest }) => rest.map(({ operation }) => operation));
    expect(restOperations.filter((operation) => !served.includes(operation))).toStrictEqual([]);
    expect(duplicates(restOperations.map(({ method, path }) => `${method} ${path}`))).toStrictEqual([]);
  });

  it('is said in the words of the dialect that the path leads to', () => {
    for (const { method, path, dialect } of restOperations) {
      expect([path, dialectOfPath(method, path)]).toStrictEqual([path, dialect]);
    }
  });

  it('names only dialects there are', () => {
    for (const name of dialects.keys()) expect(DialectName.options).toContain(name);
  });
});
