import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';

const listenOn = (port: number) =>
  new Promise<Disposable>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({ [Symbol.dispose]: () => server.close() }));
  });

it('gives ports that can be bound, each once, however many ask at a time', async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, () => freePort()));
  expect(new Set(ports).size).toBe(300);
  const servers = await Promise.all(ports.map(listenOn));
  for (const server of servers) server[Symbol.dispose]();
});

it('stays out of the range from which the kernel takes ports for outgoing connections', async () => {
  const [first = 0, last = 0] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))
    .trim()
    .split(/\s+/)
    .map(Number);
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort({ beside: [10_000] })));
  for (const port of ports.flatMap((each) => [each, each + 10_000])) {
    expect(port < first || port > last, String(port)).toBe(true);
  }
});

it('passes by what is taken, also beside it', async () => {
  const port = await freePort({ beside: [1, 2] });
  using _one = await listenOn(port);
  using _three = await listenOn(port + 2);
  const others = await Promise.all(Array.from({ length: 100 }, () => freePort({ beside: [1] })));
  const taken = others.flatMap((other) => [other, other + 1]);
  expect(taken.filter((each) => each >= port && each <= port + 2)).toEqual([]);
  expect(new Set(taken).size).toBe(200);
});
