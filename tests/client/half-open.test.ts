import type { CallHandle, Signal } from '@switchboard/client';
import { expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { allInOne } from '../harness/topology.ts';
import { Clients } from './clients.ts';
import { FlakyLine } from './flaky-line.ts';

// The server notices a silent socket with its next ping, half a minute later at most: until then that one holds the seat.
it('a call is resumed by a client whose former socket the server still takes for alive', async () => {
  await using topology = await allInOne({ RECONNECT_GRACE_MS: '60000' });
  await using clients = new Clients(topology);
  await using line = await FlakyLine.to(topology.url(0));
  const alice = await clients.newcomer('Alice', { url: line.url });
  const bob = await clients.newcomer('Bob');
  const ringing = new Promise<CallHandle>((resolve) => bob.client.on('call', resolve));
  const mine = await alice.client.calls.place({ userId: bob.person.id }, { kind: 'voice' });
  const theirs = await ringing;
  await theirs.answer();
  await until('both are in it', () => mine.state === 'active');
  const heard: Signal[] = [];
  theirs.on('signal', (signal) => heard.push(signal));
  let resumed = 0;
  mine.on('resumed', () => {
    resumed += 1;
  });

  line.vanish();
  await until('it is back', () => alice.client.connection.status === 'connected');
  const signal: Signal = { kind: 'offer', payload: { type: 'offer', sdp: 'v=0 restart' } };
  mine.signal(signal);
  await until('the seat is taken again', () => resumed > 0, 50_000);
  await until('what waited arrives', () => heard.length > 0);
  expect(heard).toEqual([signal]);
  expect([mine.state, theirs.state, resumed]).toEqual(['active', 'active', 1]);
  mine.end();
  await until('it is over', () => theirs.state === 'ended');
}, 90_000);
