import { http } from '../../harness/http.ts';
import type { Rows } from '../random.ts';
import { type Account, directId } from './accounts.ts';
import { NativeClient } from './native-client.ts';
import { OtherClient, VOCABULARIES } from './other-client.ts';
import { type RunLog, textOf } from './run-log.ts';

export interface ChatLoadOptions {
  readonly url: string;
  readonly log: RunLog;
  /** Users of the protocol's own vocabulary; each writes to the next ones in a ring, and they back. */
  readonly accounts: readonly Account[];
  /** Two for each of the older vocabularies, in the order of `VOCABULARIES`. */
  readonly others: readonly Account[];
  /** Never connected, and reached by push alone; each is written to by one of `accounts`. */
  readonly sleepers: readonly Account[];
  /** Messages a second that are attempted, all together. */
  readonly rate: number;
  /** Numbers what is sent, so that two runs on one database do not meet. */
  readonly run: string;
  /** When each begins, and how long it waits to try again. */
  readonly rows: Rows;
}

export interface ChatLoad {
  readonly acked: number;
  /** Conversations as the protocol names them, by their index in the log. */
  readonly conversations: readonly string[];
  readonly clients: readonly NativeClient[];
  /** The conversation, by its index, of each of the sleepers. */
  readonly asleep: readonly number[];
  readonly vocabularyOf: (who: number) => string;
  /** Client → the indexes of conversations that it follows as a whole. */
  readonly followers: ReadonlyMap<number, readonly number[]>;
  start(): void;
  /** One more message to each sleeper, and no others; resolves when each is acknowledged, or `withinMs` over. */
  finish(withinMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Each user writes to so many of those that follow in the ring. */
const REACH = 2;
/** A sleeper is written to so often. */
const SLEEPER_EVERY_MS = 2_000;
/** One message in so many is sent once more although it was acknowledged. */
const REPEAT_EVERY = 50;
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [100, 2_000];

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function createChatLoad(options: ChatLoadOptions): Promise<ChatLoad> {
  const { url, log, accounts, others, sleepers, rate, run, rows } = options;
  const retries = rows('retries');
  const conversations: string[] = [];
  const indexes = new Map<string, number>();
  const indexOf = (id: string): number => {
    const known = indexes.get(id) ?? conversations.length;
    if (known === conversations.length) conversations.push(id);
    indexes.set(id, known);
    return known;
  };

  const partners = new Map<Account, Set<Account>>(accounts.map((account) => [account, new Set()]));
  for (const [at, account] of accounts.entries()) {
    for (let step = 1; step <= REACH; step += 1) {
      const other = accounts[(at + step) % accounts.length];
      if (!other || other === account) continue;
      partners.get(account)?.add(other);
      partners.get(other)?.add(account);
    }
  }
  const followers = new Map<number, number[]>();
  const clients = accounts.map((account, who) => {
    const mine = new Map<string, number>();
    for (const other of partners.get(account) ?? []) {
      const id = directId(account, other);
      mine.set(id, indexOf(id));
    }
    followers.set(who, [...mine.values()]);
    return new NativeClient({ url, who, account, log, conversations: mine });
  });

  const older: { client: OtherClient; conversation: number; who: number; dialect: string }[] = [];
  for (const [at, vocabulary] of Object.values(VOCABULARIES).entries()) {
    const [one, two] = [others[at * 2], others[at * 2 + 1]];
    if (!one || !two) break;
    const room = vocabulary.dialect === 'rooms' ? await makeRoom(url, one) : undefined;
    const conversation = indexOf(room === undefined ? directId(one, two) : `r:${room}`);
    for (const [account, other] of [
      [one, two],
      [two, one],
    ] as const) {
      const who = clients.length + older.length;
      const to = room ?? other.id;
      older.push({
        client: new OtherClient({ url, who, account, log, vocabulary, to, conversation }),
        conversation,
        who,
        dialect: vocabulary.dialect,
      });
    }
  }

  const bedsides = sleepers.flatMap((sleeper, at) => {
    const client = clients[at % clients.length];
    if (!client) return [];
    return [{ client, sleeper, conversation: indexOf(directId(client.account, sleeper)) }];
  });

  let acked = 0;
  let stopping = false;
  let giveUpAt = Number.POSITIVE_INFINITY;
  const lanes: Promise<void>[] = [];
  const laneCount =
    clients.reduce((sum, client) => sum + (partners.get(client.account)?.size ?? 0), 0) + older.length;
  const everyMs = (laneCount / rate) * 1_000;

  /** Sends until told to stop, one message at a time, and not faster than its share of the rate. */
  const lane = async (
    name: string,
    sendOne: () => Promise<void>,
    pauseMs: number = everyMs,
  ): Promise<void> => {
    await pass(rows(name)() * pauseMs);
    while (!stopping && !log.operations.full) {
      const began = performance.now();
      await sendOne();
      await pass(Math.max(0, pauseMs - (performance.now() - began)));
    }
  };

  const sendUntilAcked = async (client: NativeClient, to: Account, conversation: number): Promise<void> => {
    const key = log.nextKey();
    const attempt = () => client.send(to, conversation, key, textOf(key), `${run}-${key}`);
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LAST_RETRY_MS)) {
      const answer = await attempt();
      if (answer.kind === 'ok') break;
      if (answer.kind === 'fail') {
        log.refused(`chat.send ${answer.code}`);
        return;
      }
      if (performance.now() > giveUpAt) return;
      await pass(pause * (0.5 + retries() / 2));
    }
    acked += 1;
    if (key % REPEAT_EVERY === 0) await attempt();
  };

  return {
    get acked() {
      return acked;
    },
    conversations,
    clients,
    followers,
    vocabularyOf: (who) => older.find((other) => other.who === who)?.dialect ?? 'native',
    asleep: bedsides.map(({ conversation }) => conversation),
    start() {
      for (const client of clients) {
        for (const other of partners.get(client.account) ?? []) {
          const conversation = indexOf(directId(client.account, other));
          lanes.push(
            lane(`${client.who} in ${conversation}`, () => sendUntilAcked(client, other, conversation)),
          );
        }
      }
      for (const { client, sleeper, conversation } of bedsides) {
        const wake = () => sendUntilAcked(client, sleeper, conversation);
        lanes.push(lane(`${client.who} in ${conversation}`, wake, SLEEPER_EVERY_MS));
      }
      for (const { client, who } of older) {
        lanes.push(
          lane(`older ${who}`, async () => {
            if (!client.socket.caughtUp) return;
            const key = log.nextKey();
            await client.send(key, textOf(key));
          }),
        );
      }
    },
    async finish(withinMs) {
      stopping = true;
      giveUpAt = performance.now() + withinMs;
      await Promise.all(lanes);
      await Promise.all(
        bedsides.map(({ client, sleeper, conversation }) => sendUntilAcked(client, sleeper, conversation)),
      );
    },
    async close() {
      await Promise.all([
        ...clients.map((client) => client.close()),
        ...older.map(({ client }) => client.socket.close()),
      ]);
    },
  };
}

async function makeRoom(url: string, { token }: Account): Promise<string> {
  const reply = await http('POST', `${url}/api/v1/rooms`, { token, body: { name: 'Under load' } });
  if (reply.status !== 201) throw new Error(`make a room: ${reply.status}`);
  return reply.body.room.id;
}
