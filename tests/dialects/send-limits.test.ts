import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ RATE_LIMIT_MESSAGES: '6/1m', RATE_LIMIT_CALLS: '3/1m' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const limited = { ok: false, success: false, error: { code: 'RATE_LIMITED', message: expect.any(String) } };
const errorEvent = { code: 'RATE_LIMITED', message: expect.any(String), error: expect.any(String) };

describe('messages', () => {
  it('are counted per user over every device and way of sending; over the limit each way says so in its own shape', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
    await using stage = new Stage(topology);
    const [phone, desk, b] = [await stage.jitsi(alice), await stage.jitsi(alice), await stage.jitsi(bob)];
    const post = () =>
      http('POST', `${topology.url(0)}/api/messages`, {
        token: alice.token,
        body: { receiverId: bob.id, content: 'by REST' },
      });
    for (const device of [phone, desk]) {
      for (const event of ['message', 'message:send']) {
        expect(await device.ask(event, { to: bob.id, content: event })).toMatchObject({ ok: true });
      }
      expect((await post()).body.success).toBe(true);
    }
    expect(await phone.ask('message', { to: bob.id, content: 'too many' })).toMatchObject(limited);
    desk.send('message', { to: bob.id, content: 'too many' });
    expect(await desk.log.next('error')).toEqual(errorEvent);
    const refused = await post();
    expect([refused.status, refused.body]).toMatchObject([
      429,
      { success: false, error: { code: 'RATE_LIMITED', message: expect.any(String) } },
    ]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    // What was refused was not stored, and others are free to write.
    expect(await b.ask('message', { to: alice.id, content: 'still here' })).toMatchObject({ ok: true });
    const { body } = await http('GET', `${topology.url(0)}/api/messages`, { token: bob.token });
    expect(body.messages).toHaveLength(7);
  });
});

describe('calls', () => {
  const offer = { type: 'offer', sdp: 'v=0' };

  it('are counted per user over both vocabularies, not with what happens inside a call', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
    await using stage = new Stage(topology);
    const [peer, jitsi] = [await stage.peer(alice), await stage.jitsi(alice)];
    const [b, bobJitsi] = [await stage.peer(bob), await stage.jitsi(bob)];

    expect(await peer.ask('callUser', { targetUserId: bob.id, signalData: offer })).toMatchObject({
      ok: true,
    });
    await b.log.next('incomingCall');
    await b.ask('answerCall', { targetUserId: alice.id, signalData: offer });
    for (let n = 0; n < 5; n += 1) {
      expect(await peer.ask('callUser', { targetUserId: bob.id, signalData: offer })).toMatchObject({
        ok: true,
      });
    }
    await peer.ask('endCall', { targetUserId: bob.id });
    const placed = await jitsi.ask('call:initiate', { to: bob.id, callType: 'voice' });
    expect(placed).toMatchObject({ ok: true });
    await bobJitsi.log.next('call:incoming');
    await jitsi.ask('call:end', { callId: placed.callId });
    expect(await peer.ask('callUser', { targetUserId: bob.id, signalData: offer })).toMatchObject({
      ok: true,
    });
    await peer.ask('endCall', { targetUserId: bob.id });

    expect(await peer.ask('callUser', { targetUserId: bob.id, signalData: offer })).toMatchObject(limited);
    peer.send('callUser', { targetUserId: bob.id, signalData: offer });
    expect(await peer.log.next('error')).toEqual(errorEvent);
    expect(await jitsi.ask('call:initiate', { to: bob.id, callType: 'voice' })).toMatchObject(limited);
    jitsi.send('call:initiate', { to: bob.id, callType: 'voice' });
    expect(await jitsi.log.next('error')).toEqual(errorEvent);
    // Being called does not count.
    expect(await b.ask('callUser', { targetUserId: alice.id, signalData: offer })).toMatchObject({
      ok: true,
    });
    await peer.log.next('incomingCall', ({ from }) => from === bob.id);
  });

  it('that reach nobody count as well', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'Alice'), register(topology, 'Bob')]);
    await using stage = new Stage(topology);
    const a = await stage.jitsi(alice);
    const codes = [];
    for (let n = 0; n < 4; n += 1) {
      const { error } = await a.ask('call:initiate', { to: bob.id });
      codes.push((error as { code: string }).code);
    }
    expect(codes).toEqual(['USER_UNAVAILABLE', 'USER_UNAVAILABLE', 'USER_UNAVAILABLE', 'RATE_LIMITED']);
  });
});
