import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { consumersLed, ledConsumers } from './consumers-led.ts';

/** A monitor that says what it is told to, one answer after the other, the last one for ever. */
async function monitor(...answers: readonly (readonly (string | undefined)[])[]) {
  let asked = 0;
  const server = createServer((_, response) => {
    const leaders = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    const consumer_detail = leaders.map((leader) => ({
      name: 'c',
      cluster: leader === undefined ? {} : { leader },
    }));
    response.end(
      JSON.stringify({ account_details: [{ stream_detail: [{ name: 'EMPTY' }, { consumer_detail }] }] }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('counts the consumers that have a leader, as the server sees it that knows of the fewest', async () => {
  await using one = await monitor(['nats-1', 'nats-2', 'nats-1']);
  await using other = await monitor(['nats-1', undefined, '']);
  expect(await ledConsumers([one.url])).toBe(3);
  expect(await ledConsumers([one.url, other.url])).toBe(1);
});

it('waits until as many are led as before', async () => {
  await using slow = await monitor([], ['nats-1'], ['nats-1', undefined], ['nats-1', 'nats-3']);
  await consumersLed([slow.url], 2);
  expect(slow.asked()).toBe(4);
});
