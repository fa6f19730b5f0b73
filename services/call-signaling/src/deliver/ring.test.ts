import { afterEach, expect, it } from 'vitest';
import {
  byId,
  type CallCluster,
  createCallCluster,
  good,
  jitsiPlace,
  until,
} from '../testing/call-cluster.ts';

let cluster: CallCluster;
afterEach(async () => {
  await cluster.quiet();
  await cluster[Symbol.asyncDispose]();
});

it('a ring is noted for the devices that it was sent to, those that come late included', async () => {
  cluster = await createCallCluster({ nodes: 2 });
  const alice = await cluster.connect(1, 'jitsi');
  const phone = await cluster.connect(2, 'jitsi', 1);
  await cluster.connect(2, 'peer', 1);
  const { call } = good(await alice.send(jitsiPlace(2)));
  await until('it rings', () => phone.of('call.incoming').length > 0);
  const late = await cluster.connect(2, 'native');
  await until('it rings there, too', () => late.of('call.incoming').length > 0);
  await until('both are noted', () => cluster.rings.length >= 2);
  // Not the one that cannot take this call.
  expect(new Set(cluster.rings.map(({ deviceId }) => deviceId))).toEqual(
    new Set([phone.deviceId, late.deviceId]),
  );
  expect(cluster.rings.every(({ callId }) => callId === call.id)).toBe(true);
  good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
});

it('a ring neither waits for the ledger nor comes again for its sake', async () => {
  cluster = await createCallCluster();
  cluster.ledgerAway.now = true;
  const alice = await cluster.connect(1, 'jitsi');
  const phone = await cluster.connect(2, 'jitsi');
  const { call } = good(await alice.send(jitsiPlace(2)));
  await until('it rings', () => phone.of('call.incoming').length > 0);
  good(await phone.send({ type: 'call.answer', ref: byId(call.id) }));
  await until('it is answered', () => alice.of('call.answered').length > 0);
  await cluster.quiet();
  expect(phone.of('call.incoming')).toHaveLength(1);
  expect(cluster.rings).toEqual([]);
  expect(cluster.warnings.join()).toContain('not written to the ledger');
  good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
});

it('a socket that comes once the ring was told, and before that is known everywhere, rings', async () => {
  cluster = await createCallCluster();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  // Some other listener to the event is slow, so that it stays in the outbox.
  await using _slow = await cluster.bus.consume({ durable: 'slow', types: ['call.ringing'] }, () => held);
  try {
    const alice = await cluster.connect(1, 'jitsi');
    const phone = await cluster.connect(2, 'jitsi');
    const { call } = good(await alice.send(jitsiPlace(2)));
    await until('it rings', () => phone.of('call.incoming').length > 0);
    expect((await cluster.stateOf(call.id))?.outbox.map(({ type }) => type)).toEqual(['call.ringing']);
    await until('time passes', () => Date.now() > Date.parse(call.createdAt));
    const late = await cluster.connect(2, 'jitsi');
    await until('it rings there, too', () => late.of('call.incoming').length > 0);
    release();
    await cluster.quiet();
    expect(phone.of('call.incoming')).toHaveLength(1);
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
  } finally {
    release();
  }
});
