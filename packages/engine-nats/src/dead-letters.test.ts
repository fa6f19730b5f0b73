import { randomUUID } from 'node:crypto';
import { type BusEvent, EventId, SessionId, UserId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { connectNats } from './connect.ts';
import { createNatsBus } from './index.ts';
import { jetstream, jetstreamManager } from './jetstream.ts';
import { startTestNats } from './testing/test-nats.ts';

const TYPES = ['auth.session.revoked'] as const;

function revoked(): BusEvent {
  return {
    v: 1,
    id: EventId.parse(randomUUID()),
    at: new Date().toISOString(),
    type: 'auth.session.revoked',
    userId: UserId.parse('1'),
    sessionId: SessionId.parse(randomUUID()),
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within twenty seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS)('a dead letter', () => {
  it('is kept on the server as it was, under whom it was for and what it is, and counted', async () => {
    await using server = await startTestNats();
    const bus = await createNatsBus({ url: server.url, name: 'one', replicas: 1 });
    const link = await connectNats({ url: server.url, name: 'operator' });
    try {
      const [poison, fine] = [revoked(), revoked()];
      const handled: string[] = [];
      await bus.consume({ durable: 'picky', types: TYPES, maxDeliver: 1 }, async ({ id }) => {
        if (id === poison.id) throw new Error('never');
        handled.push(id);
      });
      const easy: string[] = [];
      await bus.consume({ durable: 'easy', types: TYPES }, async ({ id }) => void easy.push(id));

      await bus.publish(poison);
      // From somebody who does not know our events.
      await jetstream(link.nats).publish('auth.session.revoked.p0', 'no event at all');
      await bus.publish(fine);
      // Behind it, so the poison holds up nobody.
      await until(() => handled.includes(fine.id) && easy.includes(fine.id), 'the next event was handled');
      // One of `picky`, and what is no event of each.
      await until(() => bus.health().deadLetters === 3, 'all were set aside');

      const manager = await jetstreamManager(link.nats);
      const { state } = await manager.streams.info('DEAD', { subjects_filter: '>' });
      expect(state.subjects).toEqual({
        'dead.picky.auth.session.revoked': 1,
        'dead.picky.unknown': 1,
        'dead.easy.unknown': 1,
      });
      const kept = async (subject: string) => {
        const message = await manager.streams.getMessage('DEAD', { last_by_subj: subject });
        return message?.string();
      };
      expect(JSON.parse((await kept('dead.picky.auth.session.revoked')) ?? '')).toEqual(poison);
      expect(await kept('dead.easy.unknown')).toBe('no event at all');
    } finally {
      await bus.close();
      await link.close();
    }
  });
});
