import { randomUUID } from 'node:crypto';
import { until } from './event-log.ts';
import { http } from './http.ts';
import { RawClient, type RawClientOptions } from './raw-client.ts';
import { SocketClient } from './socket-client.ts';
import { SCENARIO_SETTINGS, type Topology } from './topology.ts';

/** Somebody with an account of their own, so that scenarios share nothing. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly email: string;
  readonly name: string;
  token: string;
  refreshToken: string;
}

export async function register(topology: Topology, name: string): Promise<Person> {
  const username = `${name}-${randomUUID().slice(0, 8)}`;
  const password = `pw-${randomUUID()}`;
  // As the server keeps and shows it.
  const email = `${username}@example.test`.toLowerCase();
  const reply = await http('POST', `${topology.url(0)}/api/v1/auth/register`, {
    body: { username, password, email, name },
  });
  if (reply.status !== 201) throw new Error(`register: ${reply.status} ${JSON.stringify(reply.body)}`);
  return {
    id: reply.body.user.id,
    username,
    password,
    email,
    name,
    token: reply.body.accessToken,
    refreshToken: reply.body.refreshToken,
  };
}

/** Signs in as the administrator that every topology is started with, or anybody else, in peer's words. */
export async function logIn(
  topology: Topology,
  username: string = SCENARIO_SETTINGS.ADMIN_USERNAME,
  password: string = SCENARIO_SETTINGS.ADMIN_PASSWORD,
): Promise<{ token: string; refreshToken: string }> {
  const reply = await http('POST', `${topology.url(0)}/auth/login`, { body: { username, password } });
  if (reply.status !== 200) throw new Error(`login: ${reply.status} ${JSON.stringify(reply.body)}`);
  return { token: reply.body.accessToken, refreshToken: reply.body.refreshToken };
}

type ClientOptions = Parameters<typeof SocketClient.open>[2];

/** Sockets opened in one scenario, all closed at its end. */
export class Stage implements AsyncDisposable {
  readonly topology: Topology;
  readonly #sockets: { close(): void }[] = [];

  constructor(topology: Topology) {
    this.topology = topology;
  }

  /** A peer client: the token in the handshake, speaks first when it calls. */
  async peer(person: Person, party = 0, options: ClientOptions = {}): Promise<SocketClient> {
    const client = await this.open(`${person.name} (peer)`, party, {
      auth: { token: person.token },
      ...options,
    });
    await client.log.next('users');
    return client;
  }

  /** A jitsi client: connects bare, then says `join`. */
  async jitsi(person: Person, party = 0, options: ClientOptions = {}): Promise<SocketClient> {
    const client = await this.open(`${person.name} (jitsi)`, party, options);
    client.send('join', { userId: person.id, token: person.token });
    await client.log.next('connected');
    return client;
  }

  /** An expo client: the token in the handshake. It is greeted with nothing, so an event that is acknowledged shows that it is there. */
  async expo(person: Person, party = 0): Promise<SocketClient> {
    const client = await this.open(`${person.name} (expo)`, party, { auth: { token: person.token } });
    await client.ask('CHAT_STOP_TYPING', { to: person.id });
    return client;
  }

  /** The same for an app that writes event names in lower case. */
  async expoLower(person: Person, party = 0): Promise<SocketClient> {
    const client = await this.open(`${person.name} (expo, lower case)`, party, {
      auth: { token: person.token },
    });
    await client.ask('chat_stop_typing', { to: person.id });
    return client;
  }

  /** A rooms client: the token in the handshake. It is greeted with nothing; the ack to hanging up without a call shows that it is there. */
  async rooms(person: Person, party = 0): Promise<SocketClient> {
    const client = await this.open(`${person.name} (rooms)`, party, { auth: { token: person.token } });
    await client.ask('end-call');
    return client;
  }

  /** A socket that has a token, perhaps a vocabulary's name, and nothing to say yet. */
  async silent(person: Person, party = 0, dialect?: string): Promise<SocketClient> {
    const client = await this.open(`${person.name} (${dialect ?? 'undeclared'})`, party, {
      auth: { token: person.token, ...(dialect ? { dialect } : {}) },
    });
    // Who is told who is here is one of them, and can be rung. The others are told nothing while they are silent.
    if (dialect === undefined || dialect === 'peer') {
      await until(`${person.name} is greeted`, () => client.log.count('users') > 0);
    }
    return client;
  }

  async native(person: Person, party = 0, options: ClientOptions = {}): Promise<SocketClient> {
    const client = await this.open(`${person.name} (native)`, party, {
      auth: { token: person.token, dialect: 'native' },
      ...options,
    });
    await client.log.next('session.connected');
    return client;
  }

  /** A channels client: a WebSocket of its own to one room, the token in its header. It is in the room when it is open. */
  async channels(person: Person, roomId: string | number, party = 0): Promise<RawClient> {
    return this.raw(`${person.name} (channels)`, `/ws/chat/${roomId}/`, party, {
      headers: { Authorization: `Bearer ${person.token}` },
    });
  }

  /** Any WebSocket, on any path. Rejects with UpgradeRefused when it is answered in HTTP. */
  async raw(who: string, path: string, party = 0, options: RawClientOptions = {}): Promise<RawClient> {
    const client = await RawClient.open(who, `${this.topology.url(party)}${path}`, options);
    this.#sockets.push(client);
    return client;
  }

  /** Any socket: no token, one in another place, another transport. Rejects with the client library's `connect_error`. */
  async open(who: string, party = 0, options: ClientOptions = {}): Promise<SocketClient> {
    const client = await SocketClient.open(who, this.topology.url(party), options);
    this.#sockets.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
  }
}
