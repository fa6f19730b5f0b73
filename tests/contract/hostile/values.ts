import fc from 'fast-check';

const polluted: readonly unknown[] = [
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"a":{"__proto__":[]}}',
].map((text) => JSON.parse(text));

function nested(levels: number, make: (inner: unknown) => unknown): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level += 1) value = make(value);
  return value;
}

const odd = fc.constantFrom<unknown>(
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  ' ',
  '0',
  '-1',
  '1e3',
  '0x10',
  '٣',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfff',
  '\udfff\ud800',
  '\u202e\u2066',
  '\ufeff',
  '\r\nX-Header: y',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  "' or 1=1 --",
  '{"$gt":""}',
  '#{7*7}',
  '(a+)+$',
  '<script>alert(1)</script>',
  'd:1:2',
  'd:2:1',
  'd:1:1',
  'd::',
  'r:1',
  'r:0',
  'r:99999999999999999999',
  '00000000-0000-0000-0000-000000000000',
  '0198a1de-0000-7000-8000-00000000ca11',
  '2025-09-25T10:30:00.000Z',
  '+275760-09-13T00:00:00.001Z',
  [],
  {},
  [[]],
  [null],
  { $gt: '' },
  { $ne: null },
  { $where: 'sleep(1000)' },
  { $regex: '(a+)+$' },
  { 'a.b': 1 },
  { toString: 1, valueOf: 1, toJSON: 1 },
  { length: 1e9 },
  { type: 'Buffer', data: [1, 2, 3] },
  { _placeholder: true, num: 0 },
);

/** What JSON can carry and nobody should send. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 10, arbitrary: odd },
  { weight: 1, arbitrary: fc.constantFrom(...polluted) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger()) },
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 70_000 }).map((length) => 'é'.repeat(length / 2)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 5, max: 2_000 }).map((levels) => nested(levels, (inner) => ({ a: inner }))),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 5, max: 2_000 }).map((levels) => nested(levels, (inner) => [inner])),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 10, max: 6_000 })
      .map((width) => Object.fromEntries(Array.from({ length: width }, (_, n) => [`k${n}`, n]))),
  },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 12_000 }).map((length) => new Array(length).fill(0)) },
);

/** The same, and what only Socket.IO can carry. */
export const hostileArgument: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: hostileValue },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
);
