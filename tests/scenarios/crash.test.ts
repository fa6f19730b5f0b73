import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import { topologies } from '../harness/topology.ts';

type Message = { id: string; seq: number; clientMessageId?: string };
const direct = (a: string, b: string) => (Number(a) < Number(b) ? `d:${a}:${b}` : `d:${b}:${a}`);

describe.each(topologies)('a crash on $name', ({ start }) => {
  it('loses no acknowledged message, no session, and clients come back by themselves', async () => {
    await using topology = await start({ RATE_LIMIT_MESSAGES: 'off' });
    await using stage = new Stage(topology);
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    const [a, b] = [await stage.native(alice, 0), await stage.native(bob, 1)];

    const acked = new Map<string, { id: string; seq: number }>();
    const tried = new Set<string>();
    let killed = false;
    const writer = async (): Promise<void> => {
      while (!killed) {
        const clientMessageId = randomUUID();
        tried.add(clientMessageId);
        const reply = await a
          .ask('chat.send', { to: { userId: bob.id }, content: 'x', clientMessageId })
          .catch(() => undefined);
        const message = reply?.message as Message | undefined;
        if (message) acked.set(clientMessageId, { id: message.id, seq: message.seq });
      }
    };
    const writers = Array.from({ length: 8 }, writer);
    await until('enough was acknowledged', () => acked.size >= 200, 20_000);
    await topology.crash();
    killed = true;
    await Promise.all(writers);

    await until('both are back', () => a.socket.connected && b.socket.connected, 10_000);
    const stored: Message[] = [];
    for (let more = true; more; ) {
      const page = await a.ask('chat.sync', {
        conversationId: direct(alice.id, bob.id),
        after: stored.at(-1)?.seq ?? 0,
        limit: 200,
      });
      stored.push(...(page.messages as Message[]));
      more = page.more === true;
    }
    const byClientId = new Map(stored.map((message) => [message.clientMessageId, message]));
    const lost = [...acked].filter(([id, ack]) => byClientId.get(id)?.id !== ack.id);
    expect(lost).toEqual([]);
    expect(byClientId.size).toBe(stored.length);
    expect(stored.map((message) => message.seq)).toEqual(stored.map((_, n) => n + 1));
    expect(stored.filter((message) => !tried.has(message.clientMessageId ?? ''))).toEqual([]);

    // A send whose ack was lost: the retry gives what was stored.
    const unknown = [...byClientId.keys()].find((id) => id !== undefined && !acked.has(id));
    const again = unknown ?? [...acked.keys()][0];
    const retry = await a.ask('chat.send', { to: { userId: bob.id }, content: 'x', clientMessageId: again });
    expect((retry.message as Message).id).toBe(byClientId.get(again)?.id);

    const refreshed = await http('POST', `${topology.url(0)}/api/v1/auth/refresh`, {
      body: { refreshToken: alice.refreshToken },
    });
    expect(refreshed.status).toBe(200);
    // A socket that was down misses deliveries; the receiver closes the gap by seq and then has everything.
    const repaired: Message[] = [];
    for (let more = true; more; ) {
      const page = await b.ask('chat.sync', {
        conversationId: direct(alice.id, bob.id),
        after: repaired.at(-1)?.seq ?? 0,
        limit: 200,
      });
      repaired.push(...(page.messages as Message[]));
      more = page.more === true;
    }
    expect(repaired.slice(0, stored.length).map((message) => message.id)).toEqual(
      stored.map((message) => message.id),
    );
  });
});
