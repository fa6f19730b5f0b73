import { type Client, type ClientOptions, createClient } from '@switchboard/client';
import { type Person, register } from '../harness/people.ts';
import type { Topology } from '../harness/topology.ts';

/** Pauses short enough for a test. */
const BRISK = { backoff: { baseMs: 50, maxMs: 500 } };

export interface Signed {
  readonly client: Client;
  readonly person: Person;
}

/** Clients of the SDK made in one test, all disconnected at its end. */
export class Clients implements AsyncDisposable {
  readonly #topology: Topology;
  readonly #clients: Client[] = [];

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** Somebody new, connected. `url` when not straight to the server. */
  async newcomer(name: string, options: ClientOptions = {}): Promise<Signed> {
    const person = await register(this.#topology, name);
    return { person, client: await this.of(person, options) };
  }

  async of(person: Person, options: ClientOptions = {}): Promise<Client> {
    const client = this.unconnected(options);
    await client.logIn(person.username, person.password);
    await client.connect();
    return client;
  }

  unconnected(options: ClientOptions = {}): Client {
    const client = createClient({ url: this.#topology.url(0), ...BRISK, ...options });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
  }
}
