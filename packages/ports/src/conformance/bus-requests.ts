import { ok, reject, SwitchboardError } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { BusHarness } from './bus.ts';
import { fresh } from './harness.ts';
import { expectUnavailable } from './retryable.ts';
import { identity, sessionId, user } from './samples.ts';
import { gate, until } from './until.ts';

const CHECK = 'auth.session.check';
const question = (id = 1) => ({ userId: user(id), sessionId: sessionId() });

export function busRequests(factory: () => Promise<BusHarness>): void {
  describe('request and serve', () => {
    const harness = fresh(factory);
    const pair = async () => [await harness().connect(), await harness().connect()] as const;

    it('brings the payload to a server and its answer back', async () => {
      const [client, server] = await pair();
      const answer = identity(7);
      const asked: unknown[] = [];
      await server.serve(CHECK, async (payload) => {
        asked.push(payload);
        return ok(answer);
      });
      const payload = question(7);
      expect(await client.request(CHECK, payload)).toEqual(ok(answer));
      expect(asked).toEqual([payload]);
    });

    it('gives each request to exactly one of several instances, and work to all of them', async () => {
      const [client, server] = await pair();
      const counts = [0, 0, 0];
      for (const index of counts.keys()) {
        await server.serve(CHECK, async ({ userId }) => {
          counts[index] = (counts[index] ?? 0) + 1;
          return ok({ ...identity(1), id: userId });
        });
      }
      const replies = await Promise.all(
        Array.from({ length: 60 }, (_, at) => client.request(CHECK, question(at + 1))),
      );
      expect(replies.map((reply) => reply.ok && reply.value.id)).toEqual(
        Array.from({ length: 60 }, (_, at) => String(at + 1)),
      );
      expect(counts.reduce((sum, count) => sum + count)).toBe(60);
      expect(Math.min(...counts)).toBeGreaterThan(0);
    });

    it('is retryable when nobody serves', async () => {
      const [client] = await pair();
      await expectUnavailable(client.request(CHECK, question()));
    });

    it('is retryable when the answer does not come in time', async () => {
      const [client, server] = await pair();
      const { opened, open } = gate();
      await server.serve(CHECK, async () => {
        await opened;
        return ok(identity(1));
      });
      await expectUnavailable(client.request(CHECK, question(), { timeoutMs: 50 }));
      open();
    });

    it('passes a refusal as a value, whole', async () => {
      const [client, server] = await pair();
      const refusal = reject('RATE_LIMITED', 'slow down', {
        retryable: true,
        retryAfterMs: 1_500,
        detail: 'user_banned',
        fields: { to: [{ rule: 'required', message: 'is required' }] },
      });
      await server.serve(CHECK, async () => refusal);
      expect(await client.request(CHECK, question())).toEqual(refusal);
    });

    it('tells of a throwing handler nothing but INTERNAL', async () => {
      const [client, server] = await pair();
      await server.serve(CHECK, async () => {
        throw new Error('the password is hunter2');
      });
      const reply = await client.request(CHECK, question());
      expect(reply).toMatchObject({ ok: false, error: { code: 'INTERNAL', retryable: false } });
      expect(JSON.stringify(reply)).not.toContain('hunter2');
    });

    it('passes a thrown SwitchboardError as its rejection', async () => {
      const [client, server] = await pair();
      await server.serve(CHECK, async () => {
        throw new SwitchboardError({ code: 'CONFLICT', message: 'taken', detail: 'name_taken' });
      });
      expect(await client.request(CHECK, question())).toEqual(
        reject('CONFLICT', 'taken', { detail: 'name_taken' }),
      );
    });

    it('shares no object between the two sides', async () => {
      const [client, server] = await pair();
      const answer = {
        users: [{ ...identity(3), status: 'active' as const, createdAt: new Date().toISOString() }],
      };
      await server.serve('auth.users.get', async (payload) => {
        payload.userIds.push(user(99));
        return ok(answer);
      });
      const payload = { userIds: [user(3)] };
      const reply = await client.request('auth.users.get', payload);
      expect(payload.userIds).toEqual(['3']);
      if (!reply.ok) throw new Error('refused');
      const [received] = reply.value.users;
      if (received) received.name = 'changed';
      expect(answer.users[0]?.name).toBe('user3');
    });

    it('sends the payload as it was when asked', async () => {
      const [client, server] = await pair();
      const seen: unknown[] = [];
      await server.serve('auth.users.get', async ({ userIds }) => {
        seen.push(...userIds);
        return ok({ users: [] });
      });
      const payload = { userIds: [user(1)] };
      const reply = client.request('auth.users.get', payload);
      payload.userIds.push(user(2));
      await reply;
      expect(seen).toEqual(['1']);
    });

    it('refuses a payload that does not fit, without asking the server', async () => {
      const [client, server] = await pair();
      let asked = 0;
      await server.serve('auth.users.get', async () => {
        asked++;
        return ok({ users: [] });
      });
      const tooMany = { userIds: Array.from({ length: 201 }, (_, at) => user(at + 1)) };
      const reply = await client.request('auth.users.get', tooMany);
      expect(reply).toMatchObject({ ok: false, error: { code: 'INVALID_DATA' } });
      expect(asked).toBe(0);
    });

    it('takes a reply that does not fit for a fault of the server', async () => {
      const [client, server] = await pair();
      await server.serve(CHECK, async () => ok({ ...identity(1), username: 5 as unknown as string }));
      expect(await client.request(CHECK, question())).toMatchObject({
        ok: false,
        error: { code: 'INTERNAL' },
      });
    });

    it('answers what is in hand before it stops serving, and nothing after', async () => {
      const [client, server] = await pair();
      const { opened, open } = gate();
      let started = false;
      const serving = await server.serve(CHECK, async () => {
        started = true;
        await opened;
        return ok(identity(1));
      });
      const inHand = client.request(CHECK, question());
      await until(() => started, 'the request is in hand');
      let stopped = false;
      const stopping = serving[Symbol.asyncDispose]().then(() => {
        stopped = true;
      });
      await expectUnavailable(client.request(CHECK, question(), { timeoutMs: 500 }));
      expect(stopped).toBe(false);
      open();
      expect(await inHand).toMatchObject({ ok: true });
      await stopping;
    });
  });
}
