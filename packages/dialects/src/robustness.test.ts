import { Command, LIMITS } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InboundEvent } from './dialect.ts';
import { fixtures } from './fixtures/all.ts';
import { ALICE } from './fixtures/canon.ts';
import { dialects } from './registry.ts';
import { restOperations } from './rest-tables.ts';

const events = [...dialects.values()].flatMap((dialect) =>
  [...dialect.inbound].map(([name, event]) => [`${dialect.name} ${name}`, event] as const),
);

/** Field names that the vocabularies know, so that generated objects come near to valid ones. */
const knownFields = [
  ...new Set(
    [...fixtures.values()].flatMap(({ inbound, refused }) =>
      [...inbound, ...refused].flatMap(({ args }) => Object.keys(args[0] ?? {})),
    ),
  ),
];

const nearMiss = fc.dictionary(
  fc.constantFrom(...knownFields, '__proto__', 'constructor', 'toJSON', '$where'),
  fc.oneof(
    fc.constantFrom('1', '2', 2, 'd:1:2', 'accept', 'video', 'text', true, null, 'x'.repeat(9000)),
    fc.uuid(),
    fc.record({ userId: fc.constantFrom('2', 2, null) }),
    fc.record({ kind: fc.constantFrom('offer', 'answer', 'candidate', 'x'), payload: fc.jsonValue() }),
    fc.jsonValue(),
    fc.anything(),
  ),
);
const payload = fc.oneof(fc.jsonValue(), fc.anything(), nearMiss);

function check(event: InboundEvent, args: readonly unknown[]): boolean {
  const decoded = event.decode(args, { userId: ALICE });
  if (decoded.ok) {
    expect(Command.parse(decoded.value)).toStrictEqual(decoded.value);
    return true;
  }
  expect(decoded.error.code).toBe('INVALID_DATA');
  expect(Object.keys(decoded.error.fields ?? {})).not.toHaveLength(0);
  return false;
}

describe('decoding', () => {
  it.each(events)('%s never throws: a valid command or a refusal', (_name, event) => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 3 }), (args) => {
        check(event, args);
      }),
      { numRuns: 400 },
    );
  });

  it('reaches both outcomes by the generated payloads', () => {
    const outcomes = fc
      .sample(nearMiss, { numRuns: 600, seed: 7 })
      .flatMap((args) => events.map(([, event]) => check(event, [args])));
    expect(new Set(outcomes)).toStrictEqual(new Set([true, false]));
  });

  it.each(events)('%s refuses hostile depth without using the stack', (_name, event) => {
    let deep: unknown = 'x';
    for (let level = 0; level < 50_000; level += 1) deep = { a: deep };
    const hostile = {
      targetUserId: '2',
      to: '2',
      signalData: deep,
      token: deep,
      content: deep,
      callId: deep,
    };
    expect(check(event, [hostile])).toBe(false);
  });

  it('complains about few of many wrong entries', () => {
    const read = dialects.get('jitsi')?.inbound.get('message:read');
    const messageIds = Array.from({ length: LIMITS.pageMax }, () => 7);
    const decoded = read?.decode([{ messageIds }], { userId: ALICE });
    expect(decoded?.ok).toBe(false);
    if (decoded?.ok === false) expect(Object.keys(decoded.error.fields ?? {})).toHaveLength(20);
  });

  it('never tells a payload’s values in a refusal', () => {
    const secret = 'v=0 secret-sdp';
    for (const [, event] of events) {
      const decoded = event.decode(
        [
          {
            to: secret,
            targetUserId: secret,
            signalData: secret,
            content: 7,
            type: secret,
            callType: secret,
            response: secret,
            signal: { kind: secret },
            token: '',
            kind: secret,
            callId: secret,
            conversationId: secret,
            limit: secret,
            messageIds: [secret],
            reason: secret,
          },
        ],
        { userId: ALICE },
      );
      expect(JSON.stringify(decoded.ok ? null : decoded.error)).not.toContain('secret');
    }
  });

  it('relays what a client sends as data, a __proto__ key included', () => {
    const signalData = JSON.parse('{"__proto__":{"polluted":true},"type":"offer"}');
    const wire = JSON.parse('{"targetUserId":"2","__proto__":{"callType":"voice"}}');
    const decoded = dialects
      .get('peer')
      ?.inbound.get('callUser')
      ?.decode([{ ...wire, signalData }], { userId: ALICE });
    expect(decoded).toMatchObject({ ok: true, value: { kind: 'video', offer: signalData } });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('counts bytes of UTF-8 JSON at the exact bound', () => {
    const message = dialects.get('jitsi')?.inbound.get('message');
    const text = (bytes: number) => ({ to: '2', content: 'x'.repeat(bytes - 2) });
    expect(message?.decode([text(LIMITS.textBytes)], { userId: ALICE }).ok).toBe(true);
    expect(message?.decode([text(LIMITS.textBytes + 1)], { userId: ALICE }).ok).toBe(false);
    const call = dialects.get('peer')?.inbound.get('callUser');
    const offer = (bytes: number) => ({ targetUserId: '2', signalData: 'x'.repeat(bytes - 2) });
    expect(call?.decode([offer(LIMITS.descriptionBytes)], { userId: ALICE }).ok).toBe(true);
    expect(call?.decode([offer(LIMITS.descriptionBytes + 1)], { userId: ALICE }).ok).toBe(false);
  });
});

describe('REST schemas', () => {
  const parts = restOperations.flatMap(({ method, path, params, query, body }) =>
    Object.entries({ params, query, body }).flatMap(([part, schema]) =>
      schema ? [[`${part} of ${method} ${path}`, schema] as const] : [],
    ),
  );

  it.each(parts)('%s never throws', (_name, schema) => {
    fc.assert(
      fc.property(payload, (value) => {
        expect(typeof schema.safeParse(value).success).toBe('boolean');
      }),
      { numRuns: 100 },
    );
  });
});
