import {
  Binary,
  BSONRegExp,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import fc from 'fast-check';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** Values of every BSON type that the driver sends, as its own classes. */
export const bsonScalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer().map((n) => new Int32(n)),
  fc.double().map((n) => new Double(n)),
  fc.integer({ min: -3, max: 3 }).map((n) => new Double(n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => Long.fromBigInt(n)),
  fc
    .constantFrom('0.1', '-0', '1E+6000', '9007199254740993', 'NaN', 'Infinity', '-1.5E-200')
    .map((t) => Decimal128.fromString(t)),
  bytes(12).map((id) => new ObjectId(id)),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 40 }).map((data) => new Binary(data)),
  bytes(16).map((data) => new Binary(data, 4)),
  fc.constantFrom(new BSONRegExp('^a.b', 'i'), new BSONRegExp('x', '')),
  fc.constantFrom(new MinKey(), new MaxKey(), new Timestamp({ t: 1, i: 2 })),
  fc.boolean(),
  fc.constant(null),
);

const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', '10', '1', '__proto__', 'constructor', '$x', 'é') },
  { weight: 1, arbitrary: fc.string().filter((text) => !text.includes('\0')) },
);

export const { value: bsonValue, document: bsonDocument } = fc.letrec<{
  value: unknown;
  document: Map<string, unknown>;
}>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    bsonScalar,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('document'),
  ),
  document: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
}));
