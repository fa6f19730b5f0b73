import { connect, type Socket } from 'node:net';
import { serialize } from 'bson';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decode } from '../bson/decode.ts';
import { type Doc, isArray, isDoc } from '../bson/value.ts';
import { type TestDatabase, testDatabase } from '../testing/database.ts';
import { crc32c } from './crc32c.ts';

let database: TestDatabase;

const faults: object[] = [];

beforeAll(async () => {
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => faults.push(fields),
  };
  database = await testDatabase({ log });
});

afterAll(() => database[Symbol.asyncDispose]());

/** A client that sends any bytes; resolves to all that came back when the server hangs up, or when `enough` says so. */
function exchange(
  bytes: Buffer,
  enough: (received: Buffer) => boolean = () => false,
): Promise<{ received: Buffer; closed: boolean }> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(database.server.port, '127.0.0.1');
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!enough(received)) return;
      socket.destroy();
      resolve({ received, closed: false });
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ received, closed: true }));
    socket.end(bytes);
  });
}

function header(length: number, opCode: number, requestId = 7): Buffer {
  const result = Buffer.alloc(16);
  result.writeInt32LE(length, 0);
  result.writeInt32LE(requestId, 4);
  result.writeInt32LE(opCode, 12);
  return result;
}

function message(opCode: number, payload: Buffer): Buffer {
  return Buffer.concat([header(16 + payload.length, opCode), payload]);
}

function flags(value: number): Buffer {
  const result = Buffer.alloc(4);
  result.writeUInt32LE(value);
  return result;
}

const kind0 = (document: object) => Buffer.concat([Buffer.of(0), serialize(document)]);

function kind1(name: string, documents: readonly object[]): Buffer {
  const body = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((document) => serialize(document))]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 4);
  return Buffer.concat([Buffer.of(1), length, body]);
}

const msg = (document: object, flagBits = 0) =>
  message(2013, Buffer.concat([flags(flagBits), kind0(document)]));

function replyOf(received: Buffer): Doc {
  expect(received.readInt32LE(12)).toBe(2013);
  expect(received.readInt32LE(0)).toBe(received.length);
  expect(received.readInt32LE(8)).toBe(7);
  return decode(received.subarray(21));
}

const whole = (received: Buffer) => received.length >= 4 && received.length >= received.readInt32LE(0);
const ping = { ping: 1, $db: 'admin' };

test('OP_MSG with a body is answered', async () => {
  const { received } = await exchange(msg(ping), whole);
  expect(replyOf(received).get('ok')).toMatchObject({ value: 1 });
});

test('a document sequence and a checksum are understood, a wrong checksum is not', async () => {
  const payload = Buffer.concat([
    flags(1),
    kind1('documents', [{ _id: 1 }, { _id: 2 }]),
    kind0({ insert: 'wire', $db: 'test' }),
  ]);
  const framed = Buffer.concat([header(16 + payload.length + 4, 2013), payload]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32c(framed));
  const { received } = await exchange(Buffer.concat([framed, checksum]), whole);
  expect(replyOf(received).get('n')).toMatchObject({ value: 2 });
  checksum.writeUInt32LE((crc32c(framed) ^ 1) >>> 0);
  const wrong = await exchange(Buffer.concat([framed, checksum]));
  expect(wrong.closed).toBe(true);
  expect(replyOf(wrong.received).get('errmsg')).toContain('checksum');
});

test('crc32c gives the published check value', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test('moreToCome is carried out and not answered', async () => {
  const insert = message(
    2013,
    Buffer.concat([flags(2), kind0({ insert: 'silent', documents: [{ _id: 1 }], $db: 'test' })]),
  );
  const { received } = await exchange(Buffer.concat([insert, msg({ count: 'silent', $db: 'test' })]), whole);
  expect(replyOf(received).get('n')).toMatchObject({ value: 1 });
});

test('the legacy hello is answered with OP_REPLY, other legacy commands too', async () => {
  const query = (document: object) =>
    message(
      2004,
      Buffer.concat([flags(0), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), serialize(document)]),
    );
  for (const hello of [{ isMaster: 1, helloOk: true }, { ismaster: 1 }, { hello: 1 }]) {
    const { received } = await exchange(query(hello), whole);
    expect(received.readInt32LE(12)).toBe(1);
    expect(received.readInt32LE(32)).toBe(1);
    expect(decode(received.subarray(36)).get('maxWireVersion')).toMatchObject({ value: 21 });
  }
});

test('hello never offers compression, replication or authentication', async () => {
  const { received } = await exchange(
    msg({ hello: 1, compression: ['zlib', 'snappy'], saslSupportedMechs: 'a.b', $db: 'admin' }),
    whole,
  );
  const reply = replyOf(received);
  for (const field of ['compression', 'setName', 'topologyVersion', 'saslSupportedMechs', 'msg'])
    expect(reply.has(field)).toBe(false);
});

test.each<[string, Buffer]>([
  ['OP_COMPRESSED', message(2012, Buffer.concat([flags(2013), flags(10), Buffer.of(2), Buffer.alloc(20)]))],
  ['an unknown opcode', message(9999, Buffer.alloc(20))],
  ['an unknown required flag', msg(ping, 4)],
  ['an unknown section kind', message(2013, Buffer.concat([flags(0), Buffer.of(9)]))],
  ['two bodies', message(2013, Buffer.concat([flags(0), kind0(ping), kind0(ping)]))],
  ['no body', message(2013, Buffer.concat([flags(0), kind1('documents', [{}])]))],
  ['no flags', message(2013, Buffer.alloc(2))],
  [
    'a sequence that overruns',
    message(2013, Buffer.concat([flags(0), Buffer.of(1), flags(5000), Buffer.from('x\0')])),
  ],
  [
    'a sequence that claims a negative size',
    message(
      2013,
      Buffer.concat([flags(0), kind0(ping), Buffer.of(1), flags(0xffffffff), Buffer.from('x\0')]),
    ),
  ],
  ['broken BSON', message(2013, Buffer.concat([flags(0), Buffer.of(0), flags(1000), Buffer.alloc(3)]))],
])('%s is answered with an error, and the connection closed', async (_name, bytes) => {
  const { received, closed } = await exchange(Buffer.concat([bytes, msg(ping)]));
  expect(closed).toBe(true);
  expect(replyOf(received).get('ok')).toMatchObject({ value: 0 });
});

test.each<[string, Buffer]>([
  ['a length below the header', header(15, 2013)],
  ['a negative length', header(-5, 2013)],
  ['a length above 48 MB', header(48_000_001, 2013)],
])('%s closes the connection', async (_name, bytes) => {
  expect(await exchange(bytes)).toMatchObject({ closed: true });
});

test('a message in many pieces, and many messages in one piece', async () => {
  const bytes = Buffer.concat(Array.from({ length: 50 }, () => msg(ping)));
  const { received } = await exchange(
    bytes,
    (all) => all.length === 50 * (all.length > 4 ? all.readInt32LE(0) : -1),
  );
  expect(received.length % 50).toBe(0);
  const socket = connect(database.server.port, '127.0.0.1');
  socket.setNoDelay(true);
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  for (const byte of msg(ping))
    await new Promise<void>((resolve) => socket.write(Buffer.of(byte), () => resolve()));
  expect(replyOf(await answer).get('ok')).toMatchObject({ value: 1 });
  socket.destroy();
});

test('a document above 16 MiB is refused with its own code', async () => {
  const document = { _id: 1, a: 'x'.repeat(9_000_000), b: 'y'.repeat(9_000_000) };
  const big = Buffer.concat([
    flags(0),
    kind0({ insert: 'big', $db: 'test' }),
    ...sequence('documents', serializeLarge(document)),
  ]);
  const { received } = await exchange(message(2013, big), whole);
  const errors = replyOf(received).get('writeErrors');
  const first = isArray(errors) ? errors[0] : undefined;
  expect(isDoc(first) ? first.get('code') : undefined).toMatchObject({ value: 10334 });
});

function serializeLarge(document: object): Buffer {
  const buffer = Buffer.alloc(20_000_000);
  const half = Buffer.from(serialize({ ...document, b: '' }));
  const b = Buffer.concat([
    Buffer.from([2, 98, 0]),
    int32(9_000_001),
    Buffer.alloc(9_000_000, 121),
    Buffer.of(0),
  ]);
  const end = half.length - Buffer.from([2, 98, 0, 1, 0, 0, 0, 0, 0]).length;
  let at = half.copy(buffer, 0, 0, end);
  at += b.copy(buffer, at);
  buffer[at++] = 0;
  buffer.writeInt32LE(at, 0);
  return buffer.subarray(0, at);
}

function int32(value: number): Buffer {
  const result = Buffer.alloc(4);
  result.writeInt32LE(value);
  return result;
}

function sequence(name: string, document: Buffer): Buffer[] {
  return [Buffer.of(1), int32(4 + name.length + 1 + document.length), Buffer.from(`${name}\0`), document];
}

test('a client that takes no replies does not hold up the end', async () => {
  const own = await testDatabase();
  await own.db.collection('large').insertOne({ pad: 'x'.repeat(15_000_000) });
  const socket = connect(own.server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  const find = msg({ find: 'large', $db: 'test' });
  socket.write(Buffer.concat([find, find, find]));
  const { counters } = own.server.engine;
  await expect.poll(() => counters.read('docsExamined')).toBeGreaterThan(0);
  const started = Date.now();
  await own[Symbol.asyncDispose]();
  expect(Date.now() - started).toBeLessThan(10_000);
  socket.destroy();
}, 20_000);

test('whatever is sent, the server lives and other connections go on', async () => {
  const things = database.db.collection<{ _id: number; n: number }>('bystander');
  await things.insertOne({ _id: 1, n: 0 });
  let writes = 0;
  const valid = [
    msg(ping),
    msg({ find: 'bystander', filter: {}, $db: 'test' }),
    msg({ insert: 'hostile', documents: [{ a: 1 }], $db: 'test' }),
  ];
  const mutated = fc
    .tuple(
      fc.constantFrom(...valid),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
    )
    .map(([bytes, edits]) => {
      const copy = Buffer.from(bytes);
      // The length stays, so that the damage is inside the message and not a wait for more bytes.
      for (const [at, byte] of edits) copy[4 + (at % (copy.length - 4))] = byte;
      return copy;
    });
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const framed = fc
    .tuple(fc.constantFrom(1, 2004, 2012, 2013, 2002), random)
    .map(([opCode, payload]) => message(opCode, payload));
  const command = fc
    .tuple(
      fc.constantFrom(
        'find',
        'insert',
        'update',
        'delete',
        'aggregate',
        'findAndModify',
        'createIndexes',
        'count',
        'distinct',
        'getMore',
        'killCursors',
        'explain',
        'listCollections',
        'validate',
        'create',
        'dropIndexes',
      ),
      fc.constantFrom<unknown>('hostile', '', 1, null, { a: 1 }, 'system.x', '$cmd'),
      fc.dictionary(
        fc.constantFrom(
          'filter',
          'query',
          'documents',
          'updates',
          'deletes',
          'pipeline',
          'cursor',
          'update',
          'indexes',
          'key',
          'sort',
          'limit',
          'hint',
          'projection',
          'collection',
          'cursors',
          'index',
        ),
        fc.anything({
          maxDepth: 3,
          withDate: true,
          withNullPrototype: false,
          key: fc.constantFrom(
            'a',
            '$set',
            '$gt',
            'q',
            'u',
            '$match',
            'key',
            'name',
            'limit',
            '__proto__',
            '$expr',
            '$add',
            '$each',
            '$push',
          ),
        }),
        { noNullPrototype: true },
      ),
    )
    .map(([name, target, fields]) => msg({ [name]: target, ...fields, $db: 'fuzz' }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, random, framed, command), async (bytes) => {
      const [outcome] = await Promise.all([
        exchange(bytes),
        things.updateOne({ _id: 1 }, { $inc: { n: 1 } }),
      ]);
      writes++;
      expect(outcome.closed).toBe(true);
      expect((await things.findOne({}))?.n).toBe(writes);
    }),
    { numRuns: 1500 },
  );
  expect(faults, 'requests that the server had no proper answer to').toEqual([]);
  expect({}).not.toHaveProperty('a');
  for (const { name } of await database.client.db('fuzz').listCollections().toArray()) {
    expect(await database.client.db('fuzz').command({ validate: name })).toMatchObject({ valid: true });
  }
}, 60_000);
