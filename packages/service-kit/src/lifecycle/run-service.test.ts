import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const FIXTURE = fileURLToPath(new URL('./run-service.fixture.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PATIENCE_MS = 15_000;

interface Process {
  readonly child: ChildProcess;
  /** Everything said so far, on both channels. */
  said(): string;
  /** Resolves once the text was said; fails when it was not in time. */
  heard(text: string): Promise<void>;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

let running: Process[] = [];
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
});

function launch(mode: string): Process {
  const child = spawn(process.execPath, ['--conditions=development', '--import', 'tsx', FIXTURE, mode], {
    cwd: ROOT,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const launched: Process = {
    child,
    said: () => text,
    ended,
    async heard(expected) {
      const deadline = Date.now() + PATIENCE_MS;
      while (!text.includes(expected)) {
        if (Date.now() > deadline) throw new Error(`never said ${expected}, but: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
  running.push(launched);
  return launched;
}

describe('runService, in a process of its own', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: unready, drained, disposed, ended by itself with 0',
    async (signal) => {
      const service = launch('slow-drain');
      await service.heard('started');
      const url = /at (http:\S+)/.exec(service.said())?.[1] ?? '';
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      const slow = fetch(`${url}/slow`).then((response) => response.text());
      await service.heard('slow request in hand');
      service.child.kill(signal);
      await service.heard('draining');
      expect((await fetch(`${url}/readyz`)).status).toBe(503);
      expect((await fetch(`${url}/release`)).status).toBe(200);
      expect(await slow).toBe('finished');
      expect(await service.ended).toEqual({ code: 0, signal: null });
      const order = ['started', 'draining', 'drained', 'disposed', 'stopped'];
      const places = order.map((word) => service.said().indexOf(word));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places).not.toContain(-1);
    },
  );

  it('a second signal ends it at once', async () => {
    const service = launch('slow-drain');
    await service.heard('started');
    service.child.kill('SIGTERM');
    await service.heard('draining');
    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 143, signal: null });
    expect(service.said()).not.toContain('disposed');
  });

  it('the watchdog ends what does not stop', async () => {
    const service = launch('stuck');
    await service.heard('started');
    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.said()).toContain('stopping took too long');
  });

  it('a signal while it starts stops it once it has started', async () => {
    const service = launch('slow-start');
    await service.heard('starting');
    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.said()).toContain('disposed');
  });

  it('a failed start ends with 1 and says why', async () => {
    const service = launch('fail-start');
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.said()).toContain('starting failed');
    expect(service.said()).toContain('no room');
  });

  it('a wrong configuration ends with 1 and every problem, without a stack', async () => {
    const service = launch('bad-config');
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.said()).toContain('PORT must be a whole number');
    expect(service.said()).toContain('JWT_SECRET is missing');
    expect(service.said()).not.toContain('at async');
  });

  it('a failed drain ends with 1, its stores closed all the same', async () => {
    const service = launch('fail-stop');
    await service.heard('started');
    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.said()).toContain('draining failed');
    expect(service.said()).toContain('disposed');
  });

  it.each(['reject', 'throw'])('what nobody catches is logged and ends it: %s', async (mode) => {
    const service = launch(mode);
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.said()).toContain('nobody caught it');
    expect(service.said()).toContain('lost');
  });
});
