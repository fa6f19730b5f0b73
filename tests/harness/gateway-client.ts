import { channel } from 'node:diagnostics_channel';
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { ManagerOptions, SocketOptions } from 'socket.io-client';

/** One HTTP request of one client, as it went out and as it was answered. */
export interface SentRequest {
  readonly transport: string | null;
  readonly sid: string | null;
  /** The node that the client's cookie names. */
  readonly cookie: string | undefined;
  /** 0 until it is answered. */
  status: number;
  /** The node that the gateway's answer names: when a session begins, or goes on elsewhere. */
  named: string | undefined;
}

const NODE = /sb_node=([^;]+)/;

/** Notes down all that one client says over HTTP, and may give it an address of its own: every 127.x.y.z is this machine. */
export class RequestLog implements Disposable {
  readonly all: SentRequest[] = [];
  readonly #agent: Agent;
  readonly #sent = new WeakMap<ClientRequest, SentRequest>();

  constructor(localAddress = '127.0.0.1') {
    this.#agent = new Agent({ localAddress });
    channel('http.client.request.start').subscribe(this.#started);
    channel('http.client.response.finish').subscribe(this.#finished);
  }

  /** With these a client of Socket.IO is noted down; `cookies` as a browser keeps them on one's own origin. */
  options(transports: readonly string[], cookies: boolean): Partial<ManagerOptions & SocketOptions> {
    // The type speaks of an `Agent` as of a string: what browsers would make of it.
    const agent = this.#agent as unknown as string;
    return { transports: [...transports], withCredentials: cookies, agent };
  }

  /** Where the client was let in when it last was. */
  node(): string {
    const opened = this.all.findLast(({ sid, status }) => sid === null && status === 200);
    const node = opened?.named ?? opened?.cookie;
    if (node === undefined) throw new Error('let in nowhere');
    return node;
  }

  [Symbol.dispose](): void {
    channel('http.client.request.start').unsubscribe(this.#started);
    channel('http.client.response.finish').unsubscribe(this.#finished);
    this.#agent.destroy();
  }

  readonly #started = (message: unknown): void => {
    const { request } = message as { request: ClientRequest & { agent?: Agent } };
    if (request.agent !== this.#agent) return;
    const query = new URL(request.path, 'http://localhost').searchParams;
    const sent: SentRequest = {
      transport: query.get('transport'),
      sid: query.get('sid'),
      cookie: NODE.exec(String(request.getHeader('cookie') ?? ''))?.[1],
      status: 0,
      named: undefined,
    };
    this.#sent.set(request, sent);
    this.all.push(sent);
  };

  readonly #finished = (message: unknown): void => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const sent = this.#sent.get(request);
    if (!sent) return;
    sent.status = response.statusCode ?? 0;
    sent.named = NODE.exec(String(response.headers['set-cookie'] ?? ''))?.[1];
  };
}
