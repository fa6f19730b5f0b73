import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, it } from 'vitest';
import { until } from '../../harness/event-log.ts';
import { createCuttableLine } from './cuttable-line.ts';

let heard = '';
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    heard += data.toString();
  });
});
beforeEach(async () => {
  heard = '';
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

async function dial(hosts: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(hosts.split(':')[1]) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
const address = () => `127.0.0.1:${(server.address() as { port: number }).port}`;

it('holds back what is said in silence, and hands it on when mended', async () => {
  await using line = createCuttableLine();
  const socket = await dial(await line.before(address()));
  socket.write('one');
  await until('it passes', () => heard === 'one');
  line.cut(true);
  socket.write('two');
  // The server itself still answers: whoever comes to it directly is heard before what waits.
  const direct = await dial(address());
  direct.write('!');
  await until('another is heard', () => heard === 'one!');
  line.mend();
  await until('it goes on', () => heard === 'one!two');
  direct.destroy();
  socket.destroy();
});

it('breaks what is there and lets nobody in until it is mended', async () => {
  await using line = createCuttableLine();
  const hosts = await line.before(address());
  const first = await dial(hosts);
  const gone = once(first, 'close');
  line.cut(false);
  await gone;
  const refused = await dial(hosts);
  await once(refused, 'close');
  line.mend();
  const again = await dial(hosts);
  again.write('back');
  await until('it passes', () => heard === 'back');
  again.destroy();
});
