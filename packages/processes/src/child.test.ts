import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Child, type ChildSpec, startChild } from './child.ts';
import { freePort, withFreePorts } from './free-port.ts';
import { accepts, replies } from './probes.ts';

/** Greets whoever connects, and says where it listens. */
const GREETER = `
  require('node:net').createServer((socket) => socket.end('hello\\n'))
    .listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'))`;

const greeter = (port: number, more: Partial<ChildSpec> = {}): Promise<Child> =>
  startChild({
    name: 'greeter',
    command: process.execPath,
    args: ['-e', GREETER],
    env: { PORT: String(port) },
    ready: () => replies(port, '', 'hello'),
    ...more,
  });

/** Holds a port as a stranger would. */
async function occupy(port: number): Promise<Disposable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { [Symbol.dispose]: () => server.close() };
}

describe('a process', () => {
  it('is started, killed and started again on its port, and ends with its code', async () => {
    const port = await freePort();
    const child = await greeter(port);
    const first = child.pid;
    expect(await accepts(port)).toBe(true);
    await child.signal('SIGKILL');
    expect([child.running, await accepts(port)]).toEqual([false, false]);
    await child.restart();
    expect(child.pid).not.toBe(first);
    expect(child.output()).toBe('ready\nready\n');
    await expect(child.restart()).rejects.toThrow('greeter runs already');
    expect(await child.stop()).toBe('SIGTERM');
    expect(await accepts(port)).toBe(false);
  });

  it('is given only what it printed since it was started, to see whether it is ready', async () => {
    const port = await freePort();
    const given: string[] = [];
    const ready = (printed: string) => given.push(printed) > 0 && printed === 'ready\n';
    const child = await greeter(port, { ready });
    await child.signal('SIGKILL');
    await child.restart();
    expect(new Set(given)).toEqual(new Set(['', 'ready\n']));
    await child.stop();
  });

  it('that cannot be started, ends too soon or is not ready in time is told with its words, and leaves nothing behind', async () => {
    const never = { name: 'it', args: [], ready: () => false };
    await expect(startChild({ ...never, command: '/there-is-none' })).rejects.toThrow('ENOENT');
    const spec = { ...never, command: process.execPath };
    await expect(startChild({ ...spec, args: ['-e', 'console.error("no!")'] })).rejects.toThrow(
      'it ended before it was ready:\nno!',
    );
    const sleeper = { ...spec, args: ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'] };
    const late = startChild({ ...sleeper, readyWithinMs: 1_500 });
    await expect(late).rejects.toThrow(/^it was not ready in time:\n\d+/);
    const pid = await late.catch((error: unknown) => /\d+/.exec(String(error))?.[0]);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  it('writes its log to the end, also when the folder is gone before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-'));
    const logFile = join(folder, 'log');
    const port = await freePort();
    const words = `process.on('SIGTERM', () => { console.log('bye'); process.exit(3); });${GREETER}`;
    const child = await greeter(port, { logFile, args: ['-e', words] });
    expect(await readFile(logFile, 'utf8')).toBe('ready\n');
    await rm(folder, { recursive: true });
    expect(await child.stop()).toBe(3);
    await expect.poll(() => child.output()).toBe('ready\nbye\n');
  });

  it('comes back when its port was held for a moment', async () => {
    const port = await freePort();
    const child = await greeter(port);
    await child.signal('SIGKILL');
    const stranger = await occupy(port);
    const back = child.restart();
    await expect.poll(() => child.output()).toContain('EADDRINUSE');
    stranger[Symbol.dispose]();
    await back;
    expect(await replies(port, '', 'hello')).toBe(true);
    await child.stop();
  });

  it('whose port was taken before it was ready is started on others', async () => {
    const taken = await freePort();
    using _stranger = await occupy(taken);
    const ports = [taken, await freePort()];
    const used: number[] = [];
    const child = await withFreePorts(() => {
      const port = ports.shift() ?? 0;
      used.push(port);
      return greeter(port);
    });
    expect(used).toHaveLength(2);
    await child.stop();
    let tried = 0;
    const failing = (words: string) =>
      withFreePorts(() => {
        tried += 1;
        return Promise.reject(new Error(words));
      });
    await expect(failing('no')).rejects.toThrow('no');
    expect(tried).toBe(1);
    await expect(failing('bind: address already in use')).rejects.toThrow('in use');
    expect(tried).toBe(6);
  });
});
