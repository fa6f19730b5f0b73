import { Agent, request } from 'node:http';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Requests over a few connections that stay open. */
export class HttpSender implements Disposable {
  readonly #agent: Agent;
  readonly #host: string;
  readonly #port: string;

  constructor(url: string, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    ({ hostname: this.#host, port: this.#port } = new URL(url));
  }

  /** @throws Error when there is no answer. */
  async send(sent: Sent, withinMs = 30_000): Promise<Answered> {
    try {
      return await this.#once(sent, this.#agent, withinMs);
    } catch (error) {
      // The server may have closed an idle connection just as we used it; a new one it has to answer on.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ECONNRESET' && code !== 'EPIPE') throw error;
      return this.#once(sent, false, withinMs);
    }
  }

  #once({ method, path, headers, body }: Sent, agent: Agent | false, withinMs: number): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const asking = request(
        {
          agent,
          host: this.#host,
          port: this.#port,
          method,
          path,
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          },
        },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on('data', (chunk: Buffer) => chunks.push(chunk));
          reply.once('error', reject);
          reply.once('end', () => {
            clearTimeout(timer);
            resolve({
              status: reply.statusCode ?? 0,
              type: reply.headers['content-type'] ?? '',
              text: Buffer.concat(chunks).toString(),
            });
          });
        },
      );
      const timer = setTimeout(() => asking.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs);
      asking.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      asking.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
