import { expect, it } from 'vitest';
import { KeptEvents } from './kept-events.ts';

interface Events {
  signal: number;
  ended: string;
}

it('keeps what nobody hears for the first listener, in order with what follows, within bounds', async () => {
  const events = new KeptEvents<Events>();
  for (let n = 1; n <= 600; n += 1) events.emit('signal', n);
  const heard: number[] = [];
  events.on('signal', (n) => heard.push(n));
  // Arrives after the listener, and before it was handed what was kept.
  events.emit('signal', 601);
  expect(heard).toEqual([]);
  await Promise.resolve();
  events.emit('signal', 602);
  expect(heard).toEqual(Array.from({ length: 501 }, (_, n) => n + 102));
  const late: number[] = [];
  events.on('signal', (n) => late.push(n));
  await Promise.resolve();
  expect(late).toEqual([]);
  const ended: string[] = [];
  events.emit('ended', 'hangup');
  const stop = events.on('ended', (reason) => ended.push(`not ${reason}`));
  stop();
  await Promise.resolve();
  events.on('ended', (reason) => ended.push(reason));
  await Promise.resolve();
  expect(ended).toEqual(['hangup']);
});
