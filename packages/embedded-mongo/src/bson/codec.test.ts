import { serialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandError } from '../errors.ts';
import { bsonDocument, bsonValue } from '../testing/arbitrary.ts';
import { compareValues } from './compare.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { encodeKey, invert } from './key.ts';
import { doc, isArray, type Value } from './value.ts';

const toBytes = (document: unknown) => Buffer.from(serialize(document as object));
const toValue = (value: unknown): Value => decode(toBytes({ v: value })).get('v') ?? null;

test('decoding and encoding again gives the same bytes, for every type and any key', () => {
  fc.assert(
    fc.property(bsonDocument, (document) => {
      const bytes = toBytes(document);
      expect(encode(decode(bytes)).equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('keys order values as comparing does, and exactly the other way round when inverted', () => {
  fc.assert(
    fc.property(bsonValue, bsonValue, (left, right) => {
      const [a, b] = [toValue(left), toValue(right)];
      const order = Math.sign(compareValues(a, b));
      expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(order);
      expect(Math.sign(Buffer.compare(invert(encodeKey(b)), invert(encodeKey(a))))).toBe(order);
    }),
    { numRuns: 3000 },
  );
});

test('a key never continues another one, so that joined keys compare field by field', () => {
  fc.assert(
    fc.property(bsonValue, bsonValue, (left, right) => {
      const [a, b] = [encodeKey(toValue(left)), encodeKey(toValue(right))];
      expect(a.equals(b) || !b.subarray(0, a.length).equals(a)).toBe(true);
      expect([0x00, 0xff]).not.toContain(a[0]);
    }),
    { numRuns: 1000 },
  );
});

test('values of different types stand in the order that the server documents', async () => {
  const { BSONRegExp, Binary, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp } = await import('bson');
  const ascending = [
    new MinKey(),
    null,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    -1.5,
    Decimal128.fromString('0.1'),
    0.1,
    1,
    Long.fromString('9007199254740992'),
    Decimal128.fromString('9007199254740992.5'),
    Long.fromString('9007199254740993'),
    Decimal128.fromString('1E+6000'),
    Number.POSITIVE_INFINITY,
    '',
    'a',
    'a\0',
    'a\x01',
    'b',
    '\uffee',
    '𝒳',
    {},
    { a: 1 },
    { a: 2 },
    { b: 0 },
    { a: 'x' },
    [],
    [1],
    [1, 2],
    [2],
    new Binary(Buffer.from('zz')),
    new Binary(Buffer.from('aaa')),
    new ObjectId('000000000000000000000001'),
    false,
    true,
    new Date(-1),
    new Date(0),
    new Timestamp({ t: 0, i: 1 }),
    new BSONRegExp('a'),
    new MaxKey(),
  ].map(toValue);
  const keys = ascending.map(encodeKey);
  for (let i = 1; i < keys.length; i++) {
    const [previous, key] = [keys[i - 1], keys[i]];
    expect(previous !== undefined && key !== undefined && Buffer.compare(previous, key), `at ${i}`).toBe(-1);
  }
});

test('numbers of one value are equal in all four types', async () => {
  const { Decimal128, Double, Int32, Long } = await import('bson');
  const same = [new Int32(5), new Double(5), Long.fromNumber(5), Decimal128.fromString('5.00')].map(toValue);
  for (const a of same) for (const b of same) expect(compareValues(a, b)).toBe(0);
  expect(new Set(same.map((value) => encodeKey(value).toString('hex'))).size).toBe(1);
});

test('any bytes are either a document or a CommandError', () => {
  fc.assert(
    fc.property(
      bsonDocument,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.nat(),
      (document, edits, cut) => {
        const bytes = toBytes(document);
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        const hostile = cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
        try {
          expect(decode(hostile)).toBeInstanceOf(Map);
        } catch (error) {
          expect(error).toBeInstanceOf(CommandError);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('nesting is bounded on the way in and on the way out', () => {
  let value: Value = 1;
  for (let i = 0; i < 300; i++) value = doc({ a: value });
  expect(() => encode(doc({ value }))).toThrow('nested deeper');
  const open = Buffer.from([0, 0, 0, 0, 3, 97, 0]);
  const bomb = Buffer.concat([...Array.from({ length: 5000 }, () => open), Buffer.alloc(6000)]);
  for (let i = 0; i < 5000; i++) bomb.writeInt32LE(bomb.length - i * 7 - i, i * 7);
  expect(() => decode(bomb)).toThrow(CommandError);
});

test('text that is not UTF-8 is refused rather than repaired', () => {
  const bytes = toBytes({ a: 'xy' });
  bytes[bytes.indexOf('xy')] = 0xff;
  expect(() => decode(bytes)).toThrow('UTF-8');
});

test('a __proto__ key is a key', () => {
  const decoded = decode(toBytes(new Map([['__proto__', { polluted: true }]])));
  expect([...decoded.keys()]).toEqual(['__proto__']);
  expect(isArray(decoded.get('__proto__'))).toBe(false);
  expect({}).not.toHaveProperty('polluted');
});
