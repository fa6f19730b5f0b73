import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network between clients and a server that fails when told to. */
export class FlakyLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  readonly #orphans = new Set<Socket>();
  #replies: 'pass' | 'swallow' = 'pass';
  #swallowed = 0;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      const pair: [Socket, Socket] = [client, upstream];
      this.#pairs.add(pair);
      const end = () => {
        client.destroy();
        upstream.destroy();
        this.#pairs.delete(pair);
      };
      for (const socket of pair) socket.on('error', end).on('close', end);
      client.on('data', (bytes) => upstream.write(bytes));
      upstream.on('data', (bytes) => {
        if (this.#replies === 'pass') client.write(bytes);
        else this.#swallowed += bytes.length;
      });
    });
  }

  static async to(url: string): Promise<FlakyLine> {
    const line = new FlakyLine(new URL(url));
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Breaks every connection of this moment. */
  cut(): void {
    for (const [client, upstream] of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  /** Breaks every connection for the client alone: the server is told nothing and has to find out. */
  vanish(): void {
    for (const pair of this.#pairs) {
      const [client, upstream] = pair;
      this.#pairs.delete(pair);
      this.#orphans.add(upstream);
      client.removeAllListeners('close');
      client.destroy();
    }
  }

  /** From now on requests arrive and replies do not. */
  swallowReplies(): void {
    this.#replies = 'swallow';
    this.#swallowed = 0;
  }

  /** Bytes of replies that were swallowed. */
  get swallowed(): number {
    return this.#swallowed;
  }

  passReplies(): void {
    this.#replies = 'pass';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    for (const upstream of this.#orphans) upstream.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
