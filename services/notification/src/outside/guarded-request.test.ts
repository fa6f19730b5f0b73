import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutside, MAX_REQUEST_BYTES, type Outside, type OutsideOptions } from './guarded-request.ts';
import { OutsideError, type OutsideFailure } from './outside-error.ts';

/** What the server behind a name or an address that must not be reached was asked. */
const heard: string[] = [];
let port = 0;
const answer = (request: IncomingMessage, response: ServerResponse): void => {
  heard.push(`${request.method} ${request.url}`);
  if (request.url === '/redirect') {
    response.writeHead(302, { Location: `http://127.0.0.1:${port}/secret` }).end();
  } else if (request.url === '/endless') {
    const more = (): void => {
      while (response.write(Buffer.alloc(64 * 1024)));
      response.once('drain', more);
    };
    more();
  } else if (request.url === '/drip') {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(drip));
  } else if (request.url === '/silent') {
    // Nothing is ever said.
  } else {
    response.writeHead(200, { 'X-Said': 'hello' }).end('fine');
  }
};
const server = createServer(answer);
const opened: Outside[] = [];

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const outside of opened) await outside[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

function outside(options: Partial<OutsideOptions> = {}): Outside {
  const made = createOutside({ allowPrivate: false, allowHttp: true, ...options });
  opened.push(made);
  return made;
}

async function failureOf(asking: Promise<unknown>): Promise<OutsideFailure> {
  const error = await asking.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(OutsideError);
  return (error as OutsideError).failure;
}

const get = (from: Outside, url: string, more: { timeoutMs?: number; maxReplyBytes?: number } = {}) =>
  from.request({ method: 'GET', url, ...more });

describe('a URL that is no target', () => {
  it.each([
    ['http://127.0.0.1/', 'loopback'],
    ['http://127.1/', 'loopback, written short'],
    ['http://0x7f000001/', 'loopback in hexadecimal'],
    ['http://2130706433/', 'loopback as one number'],
    ['http://0177.0.0.1/', 'loopback in octal'],
    ['http://①②⑦.⓪.⓪.①/', 'loopback in other digits'],
    ['http://0.0.0.0/', 'this host'],
    ['http://10.1.2.3/', 'private'],
    ['http://172.16.0.1/', 'private'],
    ['http://172.31.255.255/', 'private'],
    ['http://192.168.1.1/', 'private'],
    ['http://169.254.169.254/latest/meta-data/', 'metadata of a cloud'],
    ['http://100.64.0.1/', 'carrier-grade NAT'],
    ['http://100.100.100.200/', 'metadata of a cloud'],
    ['http://168.63.129.16/', 'platform of a cloud'],
    ['http://192.0.0.192/', 'metadata of a cloud'],
    ['http://198.18.0.1/', 'benchmarking'],
    ['http://224.0.0.1/', 'multicast'],
    ['http://240.0.0.1/', 'reserved'],
    ['http://255.255.255.255/', 'broadcast'],
    ['http://[::1]/', 'loopback'],
    ['http://[::]/', 'this host'],
    ['http://[::ffff:127.0.0.1]/', 'mapped loopback'],
    ['http://[::ffff:8.8.8.8]/', 'mapped'],
    ['http://[::127.0.0.1]/', 'compatible loopback'],
    ['http://[fe80::1]/', 'link-local'],
    ['http://[fc00::1]/', 'unique local'],
    ['http://[fd00:ec2::254]/', 'metadata of a cloud'],
    ['http://[fec0::1]/', 'site-local'],
    ['http://[ff02::1]/', 'multicast'],
    ['http://[64:ff9b::7f00:1]/', 'loopback behind NAT64'],
    ['http://[64:ff9b:1::1]/', 'local NAT64'],
    ['http://[2002:7f00:1::]/', 'loopback through 6to4'],
    ['http://[2001:db8::1]/', 'documentation'],
    ['http://[2001::1]/', 'Teredo'],
    ['http://localhost/', 'a name of this machine'],
    ['http://LOCALHOST./', 'a name of this machine'],
    ['http://printer.local/', 'a neighbour'],
    ['http://metadata.google.internal/', 'metadata of a cloud'],
    ['http://mongo/', 'a neighbour'],
    ['ftp://example.com/', 'another scheme'],
    ['file:///etc/passwd', 'another scheme'],
    ['http://user:secret@example.com/', 'credentials'],
    ['example.com', 'no URL'],
    [`https://example.com/${'a'.repeat(2_048)}`, 'too long'],
  ])('%s (%s) is refused before anything is asked', async (url) => {
    const from = outside({ resolve: () => Promise.reject(new Error('asked')) });
    expect(() => from.assertTarget(url)).toThrow(OutsideError);
    expect(await failureOf(get(from, url))).toBe('refused');
  });

  it('http is none unless allowed', () => {
    expect(() => outside({ allowHttp: false }).assertTarget('http://example.com/')).toThrow(/https/);
    expect(() => outside({ allowHttp: false }).assertTarget('https://example.com/')).not.toThrow();
  });

  it.each([
    'https://example.com/hook?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://[64:ff9b::808:808]/',
  ])('%s is one', (url) => {
    expect(() => outside().assertTarget(url)).not.toThrow();
  });
});

describe('a name', () => {
  it.each([
    [['127.0.0.1']],
    [['10.0.0.1']],
    [['93.184.216.34', '127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['169.254.169.254']],
  ])('that leads to %j is refused', async (addresses) => {
    heard.length = 0;
    const from = outside({ resolve: async () => addresses });
    expect(await failureOf(get(from, `http://innocent.example:${port}/`))).toBe('refused');
    expect(heard).toEqual([]);
  });

  it('that leads elsewhere the second time it is asked for is not asked for twice', async () => {
    heard.length = 0;
    let asked = 0;
    const from = outside({
      resolve: async () => {
        asked += 1;
        // TEST-NET would be refused; this public address answers nobody at this port.
        return asked === 1 ? ['192.0.1.1'] : ['127.0.0.1'];
      },
    });
    const first = await failureOf(get(from, `http://rebinding.example:${port}/`, { timeoutMs: 300 }));
    expect(['timeout', 'unreachable']).toContain(first);
    expect(asked).toBe(1);
    expect(await failureOf(get(from, `http://rebinding.example:${port}/`))).toBe('refused');
    expect(heard).toEqual([]);
  });

  it('is resolved by us and by nobody else', async () => {
    const from = outside({ allowPrivate: true, resolve: async () => ['127.0.0.1'] });
    const { status, body } = await get(from, `http://nowhere.example:${port}/pinned`);
    expect([status, body.toString()]).toEqual([200, 'fine']);
    expect(heard).toContain('GET /pinned');
  });

  it('without an address is told apart', async () => {
    const from = outside({ resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    expect(await failureOf(get(from, 'http://nowhere.example/'))).toBe('unresolved');
    expect(await failureOf(get(outside({ resolve: async () => [] }), 'http://nowhere.example/'))).toBe(
      'unresolved',
    );
  });

  it('that takes for ever to resolve takes no longer than the request may', async () => {
    const from = outside({ resolve: () => new Promise(() => {}) });
    expect(await failureOf(get(from, 'http://slow.example/', { timeoutMs: 100 }))).toBe('timeout');
  });
});

describe('a reply', () => {
  const allowed = () => outside({ allowPrivate: true });
  const at = (path: string) => `http://127.0.0.1:${port}${path}`;

  it('comes with status, headers and body; what was sent arrives', async () => {
    const reply = await allowed().request({ method: 'POST', url: at('/hook?a=1#b'), body: 'x' });
    expect(reply).toMatchObject({ status: 200, headers: { 'x-said': 'hello' }, cut: false });
    expect(reply.body.toString()).toBe('fine');
    expect(heard).toContain('POST /hook?a=1');
  });

  it('that redirects is not followed', async () => {
    heard.length = 0;
    expect((await get(allowed(), at('/redirect'))).status).toBe(302);
    expect(heard).toEqual(['GET /redirect']);
  });

  it('without end is cut', async () => {
    const { body, cut } = await get(allowed(), at('/endless'), { maxReplyBytes: 1_000 });
    expect([body.length, cut]).toEqual([1_000, true]);
  });

  it.each(['/silent', '/drip'])('that does not come to an end (%s) is given up in time', async (path) => {
    expect(await failureOf(get(allowed(), at(path), { timeoutMs: 200 }))).toBe('timeout');
  });

  it.each([
    ['nothing', ''],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(64 * 1024)}`],
    ['more than it said', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'],
  ])('of a server that says %s is none', async (_what, said) => {
    const sockets = new Set<Socket>();
    const liar = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => socket.end(said));
    });
    await new Promise<void>((listening) => liar.listen(0, '127.0.0.1', listening));
    const { port: there } = liar.address() as AddressInfo;
    expect(await failureOf(get(allowed(), `http://127.0.0.1:${there}/`))).toBe('unreachable');
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => liar.close(closed));
  });

  it('of nobody is none, and the words for it name no URL', async () => {
    const from = allowed();
    const error = await get(from, 'http://127.0.0.1:1/secret?token=abc').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ failure: 'unreachable' });
    expect(String((error as Error).message) + String((error as Error).cause)).not.toMatch(/secret|abc/);
  });

  it('is not waited for when the way out is closed', async () => {
    const from = createOutside({ allowPrivate: true, allowHttp: true });
    const asking = failureOf(get(from, at('/silent')));
    await from[Symbol.asyncDispose]();
    expect(await asking).toBe('closed');
  });

  it('is not asked for with more than may be sent', async () => {
    const asking = allowed().request({
      method: 'POST',
      url: at('/'),
      body: 'x'.repeat(MAX_REQUEST_BYTES + 1),
    });
    expect(await failureOf(asking)).toBe('refused');
  });
});
