import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** One request, as the endpoint got it. */
export interface Heard {
  readonly path: string;
  /** The `webhook-id`. */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody's HTTP server, which hears of events and answers as it is told. */
export interface WebhookEndpoint extends AsyncDisposable {
  readonly url: string;
  readonly heard: readonly Heard[];
  /** What to answer from now on; a function may keep the reply for as long as it likes. */
  answer: number | ((response: ServerResponse, heard: Heard) => void);
  /** The payload, whose signature is that of the secret. @throws when it is not. */
  verified(heard: Heard | undefined, secret: string): { type: string; timestamp: string; data: never };
}

export async function startWebhookEndpoint(): Promise<WebhookEndpoint> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, url: path = '' } = request;
      const id = String(headers['webhook-id']);
      const one = { path, id, headers, body: Buffer.concat(chunks).toString() };
      heard.push(one);
      if (typeof endpoint.answer === 'function') endpoint.answer(response, one);
      else response.writeHead(endpoint.answer).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint: WebhookEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    answer: 200,
    verified(one, secret) {
      if (!one) throw new Error('nothing was heard');
      const headers = Object.fromEntries(
        ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
          name,
          String(one.headers[name]),
        ]),
      );
      return new Webhook(secret).verify(one.body, headers) as ReturnType<WebhookEndpoint['verified']>;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return endpoint;
}
