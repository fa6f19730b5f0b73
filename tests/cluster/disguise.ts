import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export interface Disguise extends AsyncDisposable {
  readonly port: number;
}

/** Stands in front of a server of this machine and changes what it says, byte by byte and never its length: an old version, for one. */
export async function disguise(port: number, change: (said: Buffer) => void): Promise<Disguise> {
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    client.pipe(upstream);
    upstream.on('data', (said: Buffer) => {
      change(said);
      client.write(said);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

/** The first group of what matches becomes these words, of the same length. */
export function saying(pattern: RegExp, words: string): (said: Buffer) => void {
  return (said) => {
    const found = new RegExp(pattern, 'd').exec(said.toString('latin1'));
    const place = found?.indices?.[1];
    if (place) said.write(words.padEnd(place[1] - place[0], '0'), place[0], 'latin1');
  };
}
