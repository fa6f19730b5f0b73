import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const candidate = (n: number) => ({
  candidate: `candidate:${n} 1 udp 2130706431 192.0.2.1 5000${n} typ host`,
  sdpMid: '0',
});
type Shown = Record<string, unknown>;

describe.each(topologies)('expo on $name', ({ start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start();
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  const pair = () => Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
  const history = async (person: Person, path: string) =>
    (await http('GET', `${topology.url(0)}${path}`, { token: person.token })).body as Shown[];
  const lastCall = async (person: Person, status: string) =>
    until(`the call is ${status} in the history`, async () => {
      const [call] = await history(person, '/api/call/history?limit=1');
      return call?.status === status && call;
    });

  it('accounts: register, log in, refresh, push token, errors', async () => {
    const url = topology.url(0);
    const username = `erin-${randomUUID().slice(0, 8)}`;
    const body = { username, email: `${username}@example.test`, password: 'password123' };
    const registered = await http('POST', `${url}/api/auth/register`, { body });
    expect(registered).toMatchObject({
      status: 201,
      body: {
        message: expect.any(String),
        token: expect.any(String),
        refreshToken: expect.any(String),
        user: { _id: expect.any(String), username, email: body.email, name: username },
      },
    });
    expect(await http('POST', `${url}/api/auth/register`, { body })).toMatchObject({
      status: 409,
      body: { error: expect.any(String) },
    });
    expect(await http('POST', `${url}/api/auth/register`, { body: { username: 'x' } })).toMatchObject({
      status: 400,
      body: {
        error: expect.any(String),
        errors: [{ path: 'email' }, { path: 'password' }],
      },
    });
    for (const email of [body.email, username]) {
      const login = await http('POST', `${url}/api/auth/login`, {
        body: { email, password: body.password },
      });
      expect(login).toMatchObject({
        status: 200,
        body: { token: expect.any(String), refreshToken: expect.any(String), user: { username } },
      });
    }
    const { refreshToken } = registered.body;
    const refreshed = await http('POST', `${url}/api/auth/refresh-token`, { body: { refreshToken } });
    expect(refreshed.status).toBe(200);
    expect(Object.keys(refreshed.body).sort()).toEqual(['refreshToken', 'token']);
    expect(refreshed.body.refreshToken).not.toBe(refreshToken);
    expect(
      await http('POST', `${url}/api/auth/refresh-token`, { body: { refreshToken: 'nonsense' } }),
    ).toMatchObject({ status: 401, body: { error: expect.any(String) } });

    const { token } = refreshed.body;
    const save = (sent: unknown, as?: string) =>
      http('POST', `${url}/api/auth/expo-push-token`, { body: sent, ...(as ? { token: as } : {}) });
    for (const name of ['expoPushToken', 'token', 'expo_push_token']) {
      expect((await save({ [name]: `ExponentPushToken[${username}]` }, token)).status).toBe(200);
    }
    expect(await save({ token: 'not one' }, token)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'expoPushToken' }] },
    });
    expect(await save({ token: `ExponentPushToken[${username}]` })).toMatchObject({
      status: 401,
      body: { error: expect.any(String) },
    });
  });

  /** Everything that differs between the two kinds of app is in the names. */
  const cases = [
    { spelling: 'UPPER_CASE', word: (event: string) => event, open: 'expo' },
    { spelling: 'lower_case', word: (event: string) => event.toLowerCase(), open: 'expoLower' },
  ] as const;

  describe.each(cases)('$spelling', ({ word, open }) => {
    /** What it was sent in the other case. */
    const misspelt = (client: SocketClient) =>
      client.log.all.filter(
        ({ event }) => /^(call|chat|message|ice)_/i.test(event) && event !== word(event.toUpperCase()),
      );

    it('chat: message, delivered, typing, read, history newest first in pages', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const [a, b] = [await stage[open](alice, 0), await stage[open](bob, 1)];
      a.send(word('CHAT_TYPING'), { to: bob.id });
      expect(await b.log.next(word('CHAT_TYPING'))).toMatchObject({ from: alice.id });
      a.send(word('CHAT_STOP_TYPING'), { to: bob.id });
      expect(await b.log.next(word('CHAT_STOP_TYPING'))).toMatchObject({ from: alice.id });
      const sent = await a.ask(word('CHAT_MESSAGE'), { to: bob.id, content: 'one' });
      expect(sent).toMatchObject({ ok: true, message: { content: 'one', sender: alice.id } });
      expect(await b.log.next(word('CHAT_MESSAGE'))).toEqual({
        _id: sent._id,
        sender: alice.id,
        receiver: bob.id,
        content: 'one',
        delivered: true,
        createdAt: expect.any(String),
      });
      expect(await a.log.next('chat delivered')).toEqual({ _id: sent._id });
      b.send(word('MESSAGE_READ'), { messageId: sent._id });
      for (const side of [a, b]) {
        expect(await side.log.next(word('MESSAGE_READ'))).toMatchObject({
          messageId: sent._id,
          readBy: [bob.id],
        });
      }
      await b.ask(word('CHAT_MESSAGE'), { to: alice.id, content: 'two' });
      await b.ask(word('CHAT_MESSAGE'), { to: alice.id, content: 'three' });
      await b.log.next('chat delivered');
      await b.log.next('chat delivered');
      const path = `/api/chat/history/${bob.id}`;
      const all = await until('all are delivered', async () => {
        const list = await history(alice, path);
        return list.every(({ delivered }) => delivered) && list;
      });
      expect(all.map(({ content, read }) => [content, read])).toEqual([
        ['three', false],
        ['two', false],
        ['one', true],
      ]);
      expect(all[2]).toMatchObject({ _id: sent._id, sender: alice.id, receiver: bob.id });
      const page = await history(alice, `${path}?limit=1&before=${String(all[1]?._id)}`);
      expect(page.map(({ _id }) => _id)).toEqual([sent._id]);
      expect([...misspelt(a), ...misspelt(b)]).toEqual([]);
    });

    it('a call with an offer: early ack, answer, candidates, end, history', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const [a, b] = [await stage[open](alice, 0), await stage[open](bob, 1)];
      const { callId, ...placed } = await a.ask(word('CALL_REQUEST'), { to: bob.id, type: 'video', offer });
      expect(placed).toMatchObject({ ok: true, to: bob.id });
      expect(await b.log.next(word('CALL_REQUEST'))).toEqual({
        callId,
        from: alice.id,
        fromName: 'alice',
        type: 'video',
        offer,
      });
      await lastCall(alice, 'requested');
      a.send(word('ICE_CANDIDATE'), { to: bob.id, candidate: candidate(1) });
      b.send(word('CALL_ACCEPT'), { callId, answer });
      expect(await a.log.next(word('CALL_ACCEPT'))).toMatchObject({ callId, from: bob.id, answer });
      // Sent while it rang, kept for the device that answered.
      expect(await b.log.next(word('ICE_CANDIDATE'))).toEqual({
        callId,
        from: alice.id,
        candidate: candidate(1),
      });
      b.send(word('ICE_CANDIDATE'), { to: alice.id, candidate: candidate(2) });
      expect(await a.log.next(word('ICE_CANDIDATE'))).toMatchObject({ candidate: candidate(2) });
      await lastCall(bob, 'accepted');
      a.send(word('CALL_ENDED'), { to: bob.id });
      expect(await b.log.next(word('CALL_ENDED'))).toMatchObject({ callId, from: alice.id });
      expect(a.log.count(word('CALL_ENDED'))).toBe(0);
      expect(await lastCall(bob, 'ended')).toEqual({
        _id: callId,
        caller: alice.id,
        receiver: bob.id,
        type: 'video',
        status: 'ended',
        startedAt: expect.any(String),
        endedAt: expect.any(String),
        duration: expect.any(Number),
      });
      expect([...misspelt(a), ...misspelt(b)]).toEqual([]);
    });

    it('a call without an offer: accept first, then offer and answer as signals', async () => {
      const [alice, bob] = await pair();
      await using stage = new Stage(topology);
      const [a, b] = [await stage[open](alice, 0), await stage[open](bob, 1)];
      const { callId } = await a.ask(word('CALL_REQUEST'), { to: bob.id, type: 'audio' });
      expect(await b.log.next(word('CALL_REQUEST'))).toMatchObject({ callId, type: 'audio' });
      b.send(word('CALL_ACCEPT'), { callId });
      expect(await a.log.next(word('CALL_ACCEPT'))).toEqual({ callId, from: bob.id });
      a.send(word('ICE_CANDIDATE'), { to: bob.id, offer });
      expect(await b.log.next(word('ICE_CANDIDATE'))).toEqual({ callId, from: alice.id, offer });
      b.send(word('ICE_CANDIDATE'), { to: alice.id, answer });
      expect(await a.log.next(word('ICE_CANDIDATE'))).toEqual({ callId, from: bob.id, answer });
      b.send(word('CALL_ENDED'));
      expect(await a.log.next(word('CALL_ENDED'))).toMatchObject({ callId, from: bob.id });
    });

    it('rejected, busy, timed out, unreachable: each in its word and its status', async () => {
      const [alice, bob] = await pair();
      const carol = await register(topology, 'carol');
      const nobody = await register(topology, 'nobody');
      await using stage = new Stage(topology);
      const [a, b, c] = [await stage[open](alice, 0), await stage[open](bob, 1), await stage[open](carol, 0)];
      const request = { to: bob.id, type: 'audio', offer };

      const rejected = await a.ask(word('CALL_REQUEST'), request);
      await b.log.next(word('CALL_REQUEST'));
      b.send(word('CALL_REJECT'), { callId: rejected.callId });
      expect(await a.log.next(word('CALL_REJECT'))).toEqual({ callId: rejected.callId, from: bob.id });
      await lastCall(bob, 'rejected');

      const timedOut = await a.ask(word('CALL_REQUEST'), request);
      const busy = await c.ask(word('CALL_REQUEST'), request);
      expect(busy).toMatchObject({ ok: false, error: { code: 'USER_UNAVAILABLE' } });
      expect(await c.log.next(word('CALL_BUSY'))).toMatchObject({ to: bob.id });
      await lastCall(carol, 'busy');
      for (const side of [a, b]) {
        expect(await side.log.next(word('CALL_TIMEOUT'))).toEqual({ callId: timedOut.callId });
      }
      await until('both are free and the call is missed', async () => {
        const calls = await history(alice, '/api/call/history');
        return calls.find(({ _id }) => _id === timedOut.callId)?.status === 'missed';
      });

      const unreachable = await a.ask(word('CALL_REQUEST'), { to: nobody.id, type: 'audio', offer });
      expect(unreachable).toMatchObject({ ok: false, error: { code: 'USER_UNAVAILABLE' } });
      expect(await a.log.next(word('CALL_REJECT'))).toEqual({
        callId: expect.any(String),
        from: nobody.id,
        reason: 'unavailable',
      });
      await lastCall(nobody, 'missed');

      const calls = await history(alice, '/api/call/history');
      const times = calls.map(({ startedAt }) => Date.parse(String(startedAt)));
      expect(times).toEqual(times.toSorted((one, other) => other - one));
      const [first, second] = calls;
      const after = await history(alice, `/api/call/history?limit=1&before=${String(first?._id)}`);
      expect(after).toEqual([second]);
      const moment = encodeURIComponent(String(first?.startedAt));
      expect((await history(alice, `/api/call/history?limit=1&before=${moment}`))[0]).toEqual(second);
    });
  });

  it('answers each socket of one user in the case it speaks, and an undeclared one in upper case', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const a = await stage.native(alice, 0);
    const [upper, lower, silent] = [
      await stage.expo(bob, 0),
      await stage.expoLower(bob, 1),
      await stage.silent(bob, 1),
    ];
    await silent.log.next('users');
    // It named the vocabulary and left its spelling open.
    const named = await stage.silent(bob, 0, 'expo');
    await named.ask('chat_stop_typing', { to: bob.id });
    const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'voice', offer });
    const callId = (placed.call as { id: string }).id;
    await upper.log.next('CALL_REQUEST');
    await silent.log.next('CALL_REQUEST');
    await lower.log.next('call_request');
    await named.log.next('call_request');
    // Understood in the other case, too; answered in its own.
    expect(await lower.ask('CALL_ACCEPT', { callId, answer })).toMatchObject({ ok: true, callId });
    for (const [side, word] of [
      [upper, 'CALL_ENDED'],
      [silent, 'CALL_ENDED'],
      [named, 'call_ended'],
    ] as const) {
      expect(await side.log.next(word)).toMatchObject({ callId, reason: 'answered_elsewhere' });
    }
    await a.ask('call.signal', { callId, signal: { kind: 'candidate', payload: candidate(1) } });
    expect(await lower.log.next('ice_candidate')).toMatchObject({ candidate: candidate(1) });
    await a.ask('call.end', {});
    expect(await lower.log.next('call_ended')).toMatchObject({ callId, from: alice.id, reason: 'hangup' });
    expect(lower.log.count('CALL_REQUEST') + named.log.count('CALL_REQUEST')).toBe(0);
    expect(upper.log.count('call_request') + silent.log.count('call_request')).toBe(0);
  });

  it('with peer: calls both ways, and no ring without an offer', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.expo(alice, 0), await stage.peer(bob, 1)];
    const { callId } = await a.ask('CALL_REQUEST', { to: bob.id, type: 'video', offer });
    expect(await b.log.next('incomingCall')).toMatchObject({ from: alice.id, signalData: offer, callId });
    b.send('answerCall', { targetUserId: alice.id, signalData: answer });
    expect(await a.log.next('CALL_ACCEPT')).toEqual({ callId, from: bob.id, answer });
    a.send('ICE_CANDIDATE', { to: bob.id, candidate: candidate(1) });
    expect(await b.log.next('iceCandidate')).toMatchObject({ candidate: candidate(1) });
    // A renegotiation by the peer, answered by a signal.
    b.send('callUser', { targetUserId: alice.id, signalData: offer });
    expect(await a.log.next('ICE_CANDIDATE')).toMatchObject({ callId, from: bob.id, offer });
    a.send('ICE_CANDIDATE', { to: bob.id, answer });
    expect(await b.log.next('callAccepted')).toMatchObject({ from: alice.id, signalData: answer });
    a.send('CALL_ENDED', { callId });
    expect(await b.log.next('callEnded')).toMatchObject({ from: alice.id });
    await lastCall(alice, 'ended');

    b.send('callUser', { targetUserId: alice.id, signalData: offer });
    const ring = await a.log.next('CALL_REQUEST');
    expect(ring).toMatchObject({ from: bob.id, fromName: 'bob', offer });
    a.send('CALL_ACCEPT', { callId: ring.callId, answer });
    expect(await b.log.next('callAnswered')).toMatchObject({ from: alice.id, signalData: answer });
    b.send('endCall', { targetUserId: alice.id });
    expect(await a.log.next('CALL_ENDED')).toMatchObject({ callId: ring.callId });
    await until('alice is free', async () =>
      (await history(alice, '/api/call/history')).every(({ endedAt }) => endedAt),
    );

    const unheard = await a.ask('CALL_REQUEST', { to: bob.id, type: 'video' });
    expect(unheard).toMatchObject({ ok: false, error: { code: 'USER_UNAVAILABLE' } });
    expect(await a.log.next('CALL_REJECT')).toMatchObject({ from: bob.id, reason: 'unavailable' });
    expect(b.log.count('incomingCall')).toBe(1);
  });

  it('with native: an accept-first callee’s answer arrives as CALL_ACCEPT, and an accept-first caller offers after it', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b] = [await stage.expo(alice, 0), await stage.native(bob, 1)];
    const { callId } = await a.ask('CALL_REQUEST', { to: bob.id, type: 'video', offer });
    await b.log.next('call.incoming');
    expect((await b.ask('call.answer', { callId })).ok).toBe(true);
    expect(await b.log.next('call.signal')).toMatchObject({ signal: { kind: 'offer', payload: offer } });
    await b.ask('call.signal', { callId, signal: { kind: 'answer', payload: answer } });
    expect(await a.log.next('CALL_ACCEPT')).toEqual({ callId, from: bob.id, answer });
    expect(a.log.count('CALL_ACCEPT')).toBe(1);
    await b.ask('call.end', {});
    expect(await a.log.next('CALL_ENDED')).toMatchObject({ callId });
    await lastCall(alice, 'ended');

    const second = await a.ask('CALL_REQUEST', { to: bob.id, type: 'audio' });
    await b.log.next('call.incoming');
    await b.ask('call.answer', { callId: second.callId });
    expect(await a.log.next('CALL_ACCEPT')).toEqual({ callId: second.callId, from: bob.id });
    a.send('ICE_CANDIDATE', { to: bob.id, offer });
    expect(await b.log.next('call.signal')).toMatchObject({ signal: { kind: 'offer', payload: offer } });
    await b.ask('call.signal', { callId: second.callId, signal: { kind: 'answer', payload: answer } });
    expect(await a.log.next('ICE_CANDIDATE')).toMatchObject({ callId: second.callId, answer });
  });

  it('direct chat with jitsi and native: one conversation in every shape', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const a = await stage.expo(alice, 0);
    const [bobJitsi, bobNative] = [await stage.jitsi(bob, 1), await stage.native(bob, 0)];
    const sent = await a.ask('CHAT_MESSAGE', { to: bob.id, content: 'Hello Bob!' });
    expect(await bobJitsi.log.next('message')).toMatchObject({ id: sent._id, content: 'Hello Bob!' });
    expect(await bobNative.log.next('message.created')).toMatchObject({ message: { id: sent._id } });
    bobJitsi.send('message:read', { messageId: sent._id });
    expect(await a.log.next('MESSAGE_READ')).toMatchObject({ messageId: sent._id, from: bob.id });
    bobJitsi.send('typing:start', { to: alice.id });
    expect(await a.log.next('CHAT_TYPING')).toMatchObject({ from: bob.id });
    bobJitsi.send('message', { to: alice.id, content: 'Hi', type: 'text' });
    const hi = await a.log.next('CHAT_MESSAGE');
    expect(hi).toMatchObject({ sender: bob.id, receiver: alice.id, content: 'Hi' });
    const native = await bobNative.ask('chat.send', { to: { userId: alice.id }, content: 'Again' });
    const again = await a.log.next('CHAT_MESSAGE');
    expect(again._id).toBe((native.message as { id: string }).id);

    const ids = [again._id, hi._id, sent._id];
    expect((await history(alice, `/api/chat/history/${bob.id}`)).map(({ _id }) => _id)).toEqual(ids);
    const jitsi = await http('GET', `${topology.url(0)}/api/messages?with=${alice.id}`, { token: bob.token });
    expect(jitsi.body.messages.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed());
  });

  it('a jitsi call does not ring an expo app, and is in its history', async () => {
    const [alice, bob] = await pair();
    await using stage = new Stage(topology);
    const [a, b, j] = [await stage.jitsi(alice, 0), await stage.expo(bob, 1), await stage.jitsi(bob, 0)];
    a.send('call:initiate', { to: bob.id, callType: 'voice' });
    const { callId } = await j.log.next('call:incoming');
    a.send('call:end', { callId });
    await j.log.next('call:ended');
    expect(await lastCall(bob, 'missed')).toMatchObject({ _id: callId, type: 'audio', duration: 0 });
    expect(b.log.all.filter(({ event }) => /^call_/i.test(event))).toEqual([]);
  });

  it('refuses in its own shapes: bystanders, bad data, foreign cursors, no token', async () => {
    const [alice, bob] = await pair();
    const mallory = await register(topology, 'mallory');
    await using stage = new Stage(topology);
    const [a, b, m] = [
      await stage.expo(alice, 0),
      await stage.expo(bob, 1),
      await stage.expoLower(mallory, 0),
    ];
    const { callId } = await a.ask('CALL_REQUEST', { to: bob.id, type: 'audio', offer });
    await b.log.next('CALL_REQUEST');
    for (const event of ['call_accept', 'call_reject', 'call_ended', 'ice_candidate']) {
      const refusal = { ok: false, error: { code: 'PERMISSION_DENIED' } };
      expect(
        await m.ask(event, { callId, ...(event === 'ice_candidate' ? { candidate: candidate(1) } : {}) }),
      ).toMatchObject(refusal);
    }
    m.send('call_accept', { callId: randomUUID() });
    expect(await m.log.next('error')).toMatchObject({ code: 'CALL_NOT_FOUND', message: expect.any(String) });
    m.send('CHAT_MESSAGE', { to: bob.id, content: 'x'.repeat(9000) });
    expect(await m.log.next('error')).toMatchObject({ code: 'INVALID_DATA' });
    for (const path of [
      `/api/call/history?before=${String(callId)}`,
      '/api/call/history?before=yesterday',
      '/api/call/history?limit=0',
      '/api/chat/history/0',
      `/api/chat/history/${bob.id}?before=${randomUUID()}`,
    ]) {
      const reply = await http('GET', `${topology.url(0)}${path}`, { token: mallory.token });
      expect([path, reply.status, typeof reply.body.error]).toEqual([path, 400, 'string']);
    }
    for (const path of ['/api/call/history', `/api/chat/history/${bob.id}`]) {
      const reply = await http('GET', `${topology.url(0)}${path}`);
      expect(reply).toMatchObject({ status: 401, body: { error: expect.any(String) } });
    }
    expect(a.log.count('CALL_ENDED') + a.log.count('CALL_REJECT')).toBe(0);
  });
});
