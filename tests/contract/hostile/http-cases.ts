import fc from 'fast-check';
import { fixtures } from '../../../packages/dialects/src/fixtures/all.ts';
import { mutated } from './mutate.ts';
import { hostileValue } from './values.ts';

/** A request as it will go over the wire. */
export interface HttpCase {
  readonly method: string;
  /** With the query; printable ASCII. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Whose token goes with it. */
  readonly as: 'user' | 'admin' | 'nobody' | 'garbage';
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly access: 'anonymous' | 'user' | 'admin';
}

const golden = [...fixtures.values()].flatMap(({ rest }) => rest);

const brokenBody: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc.constantFrom(
    '{',
    '}',
    '',
    ' ',
    '[',
    '"',
    '{"a":}',
    "{'a':1}",
    '{"a":1,}',
    '{"a":1}{"b":2}',
    '\ufeff{}',
    '\0',
    'NaN',
    '1e999',
    '-',
    '{"a":"\\ud800"}',
    '{"a":"\\u0000"}',
    '{"username":"a","username":{"$gt":""}}',
    '{"__proto__":{"role":"admin"}}',
    'a=1&a=2&b[]=3',
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  ),
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
  fc.json({ maxDepth: 2 }).chain((text) => fc.nat(text.length).map((end) => text.slice(0, end) || '{')),
);

const contentType = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json; charset=nonsense',
  'APPLICATION/JSON',
  'application/problem+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'text/html; charset="',
  'application/',
  '/',
  'json',
  '',
);

const oddHeader: fc.Arbitrary<readonly [string, string]> = fc.constantFrom<readonly [string, string]>(
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br'],
  ['content-encoding', 'nonsense'],
  ['accept', 'text/html;q=abc,*/*;q=2'],
  ['accept-encoding', '*;q=0'],
  ['accept-language', 'x'.repeat(2000)],
  ['origin', 'https://evil.example'],
  ['origin', 'null'],
  ['origin', '%%%'],
  ['host', 'evil.example'],
  ['x-forwarded-for', '1.2.3.4, ::1, nonsense'],
  ['x-forwarded-host', 'evil.example'],
  ['x-forwarded-proto', 'javascript'],
  ['x-http-method-override', 'DELETE'],
  ['x-request-id', 'x'.repeat(500)],
  ['x-request-id', '<script>'],
  ['user-agent', 'é'.repeat(900)],
  ['cookie', '__proto__=1; connect.sid=s%3A'],
  ['range', 'bytes=0-0,-1'],
  ['if-none-match', '*'],
  ['if-modified-since', 'yesterday'],
  ['expect', '100-continue'],
  ['te', 'trailers'],
  ['authorization', 'Basic eDp5'],
  ['authorization', 'Bearer'],
  ['authorization', 'Bearer a b'],
  ['authorization', `Bearer ${'x'.repeat(9000)}`],
  ['authorization', 'bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
);

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'SEARCH',
  'QUERY',
];

/** With the greatest header it stays below what Node's parser takes; beyond, there is nobody to answer in any words. */
const MAX_PATH = 5_000;

/** Whatever is not printable ASCII goes percent-encoded or not at all: the client library sends nothing else. */
function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  // By way of UTF-8, which has no half surrogates.
  return encodeURIComponent(Buffer.from(text.slice(0, 1500)).toString());
}

const segment = fc.oneof(
  { weight: 4, arbitrary: hostileValue.map(encoded) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '%',
      '%zz',
      '%c0%ae',
      '%00',
      '..',
      '.',
      '%2e%2e',
      '%2f',
      '',
      ';a=b',
      '*',
      ':id',
      '1/../2',
    ),
  },
);

const query = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(
            'q',
            'limit',
            'before',
            'after',
            'with',
            'search',
            'room_type',
            'token',
            '__proto__',
            'a[b]',
            '',
          ),
          fc.oneof(hostileValue.map(encoded), fc.constantFrom('%', '%ff', '&&', '=', '1', '-1', '1e9')),
        ),
        { maxLength: 3 },
      )
      .map((pairs) => `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${value}`).join('&')}`),
  },
);

const pathTwist = fc.constantFrom<(path: string) => string>(
  (path) => `${path}/`,
  (path) => path.replace(/\/$/, ''),
  (path) => `/${path}`,
  (path) => path.toUpperCase(),
  (path) => `${path}%00`,
  (path) => `${path}%20`,
  (path) => `${path}/..`,
  (path) => `/.${path}`,
  (path) => path.replace('/', '/%2e%2e/'),
  (path) => `${path};v=1`,
  (path) => `${path}${'/x'.repeat(300)}`,
);

/** One time in so many. */
function seldom<T>(arbitrary: fc.Arbitrary<T>, times: number): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 1, arbitrary }, { weight: times - 1, arbitrary: fc.constant(undefined) });
}

/** Requests on and around a route: what is valid, with something or everything wrong with it. */
export function httpCases(route: Asked): fc.Arbitrary<HttpCase> {
  const samples = golden.filter(
    ({ operation }) => operation.method === route.method && operation.path === route.path,
  );
  const bodies = samples.map(({ request }) => request?.body?.sent).filter((sent) => sent !== undefined);
  const method = route.method.toUpperCase();
  const parameters = route.path.match(/:\w+/g)?.length ?? 0;
  const path = fc
    .tuple(
      fc.array(segment, { minLength: parameters, maxLength: parameters }),
      fc.boolean(),
      fc.integer({ min: 1, max: 12 }),
      query,
      seldom(pathTwist, 12),
    )
    .map(([segments, plain, id, asked, twist]) => {
      let next = 0;
      const filled = route.path.replace(/:\w+/g, () => (plain ? String(id) : (segments[next++] ?? '1')));
      return `${(twist ? twist(filled) : filled) || '/'}${asked}`.slice(0, MAX_PATH);
    });
  const json = (value: unknown): string => JSON.stringify(value) ?? 'null';
  const body: fc.Arbitrary<string | Buffer | undefined> = fc.oneof(
    { weight: 12, arbitrary: mutated(bodies.length > 0 ? bodies : [{}], hostileValue).map(json) },
    { weight: 3, arbitrary: brokenBody },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
  const great = fc.integer({ min: 257, max: 300 }).map((kib) => json({ content: 'x'.repeat(kib * 1024) }));
  const tokens = {
    user: ['user'],
    admin: ['admin', 'admin', 'user'],
    anonymous: ['nobody', 'user'],
  } as const;
  return fc
    .record({
      method: fc.oneof(
        { weight: 15, arbitrary: fc.constant(method) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
      ),
      path,
      type: fc.oneof(
        { weight: 12, arbitrary: fc.constant('application/json') },
        { weight: 1, arbitrary: contentType },
      ),
      odd: seldom(oddHeader, 5),
      body: method === 'GET' ? seldom(body, 3) : body,
      great: seldom(great, 100),
      as: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...tokens[route.access]) },
        { weight: 1, arbitrary: fc.constantFrom('nobody' as const, 'garbage' as const) },
      ),
    })
    .map(({ great: huge, body: sent, type, odd, ...rest }) => {
      const payload = huge ?? sent;
      return {
        ...rest,
        headers: {
          ...(payload === undefined ? {} : { 'content-type': type }),
          ...(odd ? { [odd[0]]: odd[1] } : {}),
        },
        ...(payload === undefined ? {} : { body: payload }),
      };
    });
}
