import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { createNatsBus } from '@switchboard/engine-nats';
import { startTestNats } from '@switchboard/engine-nats/testing';
import { type BusEvent, CallEnded, type CallEndReason } from '@switchboard/protocol';
import { SMTPServer } from 'smtp-server';
import { expect, it } from 'vitest';
import { until } from '../testing/until.ts';

const example = fileURLToPath(new URL('../../examples/missed-call-digest.mjs', import.meta.url));

/** A mail server that keeps what it is sent, by recipient. */
async function startMailbox() {
  const mails: { readonly to: string; readonly text: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        mails.push(...envelope.rcptTo.map(({ address: to }) => ({ to, text })));
        done();
      });
    },
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    url: `smtp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => server.close(closed)),
  };
}

/** A call to bob and, named by its caller, told from others. */
function ended(caller: string, reason: CallEndReason, from: 'ringing' | 'active' = 'ringing'): BusEvent {
  const at = new Date().toISOString();
  const device = { deviceId: randomUUID(), dialect: 'native' };
  const parties = {
    caller: { id: '1', username: 'alice', name: caller },
    callees: [{ id: '2', username: 'bob', name: 'Bob' }],
  };
  const call = {
    ...parties,
    id: randomUUID(),
    kind: 'voice',
    media: 'p2p',
    phase: 'ended',
    callerDevice: device,
    createdAt: at,
  };
  return CallEnded.parse({ v: 1, id: randomUUID(), at, type: 'call.ended', call, reason, from });
}

it('the example is short', () => {
  expect(readFileSync(example, 'utf8').trimEnd().split('\n').length).toBeLessThan(60);
});

it('the example mails every missed call, also those that it had in hand when it was killed', async () => {
  await using nats = await startTestNats();
  await using mailbox = await startMailbox();
  const bus = await createNatsBus({ url: nats.url, name: 'publisher', replicas: 1 });
  const link = await connect({ servers: new URL(nats.url).host });
  const manager = await jetstreamManager(link);
  const running = new Set<ChildProcess>();
  const start = (minutes: string): ChildProcess => {
    const child = spawn(process.execPath, [example], {
      env: { ...process.env, NATS_URL: nats.url, SMTP_URL: mailbox.url, DIGEST_MINUTES: minutes },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };
  /** What the consumer has given out and heard nothing of. */
  const untilInHand = async (count: number): Promise<void> => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const info = await manager.consumers.info('CALLS', 'missed-call-digest').catch(() => undefined);
      if (info?.num_ack_pending === count) return;
      if (Date.now() > deadline) throw new Error(`${info?.num_ack_pending} instead of ${count} in hand`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const mailed = (caller: string) => mailbox.mails.filter(({ text }) => text.includes(caller));
  try {
    // So that there is a stream.
    await bus.publish(ended('before anybody asked', 'missed'));
    const first = start('60');
    await untilInHand(0);
    await bus.publish(ended('Anna', 'missed'));
    await bus.publish(ended('Boris', 'cancelled'));
    await bus.publish(ended('Clara, who was answered', 'hangup', 'active'));
    await bus.publish(ended('Dora, who was declined', 'rejected'));
    await untilInHand(2);
    const died = once(first, 'exit');
    first.kill('SIGKILL');
    await died;
    await bus.publish(ended('Emil', 'busy'));
    expect(mailbox.mails).toEqual([]);

    const second = start('0.01');
    await until(
      'all are mailed',
      () => ['Anna', 'Boris', 'Emil'].every((caller) => mailed(caller).length > 0),
      60_000,
    );
    await untilInHand(0);
    expect(mailbox.mails.every(({ to }) => to === 'bob@example.com')).toBe(true);
    expect(['before', 'Clara', 'Dora'].flatMap(mailed)).toEqual([]);
    const over = once(second, 'exit');
    second.kill('SIGTERM');
    expect(await over).toEqual([0, null]);
  } finally {
    for (const child of running) child.kill('SIGKILL');
    await link.close();
    await bus.close();
  }
}, 180_000);
