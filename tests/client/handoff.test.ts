import type { CallHandle, Client, Signal } from '@switchboard/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allInOne, type Topology } from '../harness/topology.ts';
import { Clients, PATIENT, soon } from './clients.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({
    TURN_URLS: 'turn:127.0.0.1:3478',
    TURN_SECRET: 'a secret between two servers',
    TURN_TTL: '4s',
  });
});
afterAll(async () => {
  await topology?.[Symbol.asyncDispose]();
});

const offer = (sdp: string): Signal => ({ kind: 'offer', payload: { type: 'offer', sdp } });
const incoming = (client: Client): Promise<CallHandle> =>
  new Promise((resolve) => client.on('call', resolve));
const heard = (call: CallHandle): unknown[] => {
  const said: unknown[] = [];
  call.on('moved', () => said.push('moved'));
  call.on('signal', ({ payload }) => said.push((payload as { sdp: string }).sdp));
  return said;
};

describe('a call with the client', PATIENT, () => {
  it('goes on in another device of a party, and back, and ends for whoever is in it', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const desk = await clients.of(alice.person);
    const ringing = incoming(bob.client);
    const phone = await alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice' });
    const theirs = await ringing;
    await theirs.answer();
    await soon('it is active', () => phone.state === 'active');
    const toBob = heard(theirs);

    const taken = await desk.calls.takeOver(phone.id);
    expect(taken).toMatchObject({ id: phone.id, direction: 'outgoing', state: 'active' });
    expect(taken.other.id).toBe(bob.person.id);
    taken.signal(offer('from the desk'));
    await soon('the phone is out of it', () => phone.ended?.reason === 'moved');
    await soon('bob heard it', () => toBob.length === 2);
    expect(toBob).toEqual(['moved', 'from the desk']);

    // The one that was left takes it back, with a handle of its own.
    const again = await alice.client.calls.takeOver(phone.id);
    again.signal(offer('from the phone'));
    await soon('the desk is out of it', () => taken.ended?.reason === 'moved');
    await soon('bob heard that, too', () => toBob.length === 4);
    expect(toBob.slice(2)).toEqual(['moved', 'from the phone']);
    theirs.end();
    await soon('it is over', () => again.ended?.reason === 'hangup');
    await expect(desk.calls.takeOver(phone.id)).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
  });

  it('has servers from the ring on, and newer ones before their credentials lapse', async () => {
    await using clients = new Clients(topology);
    const [alice, bob] = [await clients.newcomer('Alice'), await clients.newcomer('Bob')];
    const ringing = incoming(bob.client);
    const mine = await alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice' });
    const theirs = await ringing;
    const userOf = (call: CallHandle) => call.iceServers[0]?.username?.split(':')[1];
    expect([userOf(mine), userOf(theirs)]).toEqual([alice.person.id, bob.person.id]);
    const lapses: { at: number; lapse: number; before: number }[] = [];
    for (const call of [mine, theirs]) {
      let before = Number(call.iceServers[0]?.username?.split(':')[0]) * 1000;
      call.on('ice-servers', ({ expiresAt }) => {
        const lapse = Date.parse(expiresAt ?? '');
        lapses.push({ at: Date.now(), lapse, before });
        before = lapse;
        expect(userOf(call)).toBe(call === mine ? alice.person.id : bob.person.id);
      });
    }
    await theirs.answer();
    await soon('both were sent newer ones twice', () => lapses.length >= 4);
    for (const { lapse, before } of lapses) expect(lapse).toBeGreaterThan(before);
    mine.end();
  });
});
