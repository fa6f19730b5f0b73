import type { Account } from './accounts.ts';
import { ReconnectingSocket } from './reconnecting-socket.ts';
import { keyOf, type RunLog } from './run-log.ts';

/** How one of the older vocabularies sends and hears a message. None of them can repeat a message whose fate is unknown. */
export interface Vocabulary {
  readonly dialect: string;
  readonly send: (to: string, content: string) => readonly [event: string, payload: unknown];
  readonly hears: string;
  /** Said on each new connection, before it counts as restored. */
  readonly enter?: (to: string) => readonly [event: string, payload: unknown];
}

export const VOCABULARIES = {
  expo: {
    dialect: 'expo',
    send: (to, content) => ['CHAT_MESSAGE', { to, content }],
    hears: 'CHAT_MESSAGE',
  },
  jitsi: {
    dialect: 'jitsi',
    send: (to, content) => ['message:send', { to, content, type: 'text' }],
    hears: 'message',
  },
  rooms: {
    dialect: 'rooms',
    send: (roomId, content) => ['send-message', { roomId, content }],
    hears: 'new-message',
    enter: (roomId) => ['join-room', roomId],
  },
} satisfies Record<string, Vocabulary>;

export interface OtherClientOptions {
  readonly url: string;
  readonly who: number;
  readonly account: Account;
  readonly log: RunLog;
  readonly vocabulary: Vocabulary;
  /** The other user's id, or the room's. */
  readonly to: string;
  readonly conversation: number;
}

export class OtherClient {
  readonly socket: ReconnectingSocket;
  readonly #options: OtherClientOptions;

  constructor(options: OtherClientOptions) {
    this.#options = options;
    const { url, who, account, log, vocabulary, conversation, to } = options;
    this.socket = new ReconnectingSocket({
      url,
      who,
      log,
      token: account.token,
      dialect: vocabulary.dialect,
      onEvent: (event, payload, line) => {
        if (event !== vocabulary.hears) return;
        const { id, content } = shown(payload);
        log.write({ kind: 'deliver', who, conversation, key: keyOf(content), id, seq: 0, note: line });
      },
      catchUp: async () => {
        const enter = vocabulary.enter?.(to);
        return enter === undefined || (await this.socket.ask(...enter)).kind === 'ok';
      },
    });
  }

  /** One attempt, written down; another would be another message. */
  async send(key: number, content: string): Promise<void> {
    const { log, who, conversation, vocabulary, to } = this.#options;
    const entry = { who, conversation, key, id: '', seq: 0, note: 0 };
    log.write({ ...entry, kind: 'invoke' });
    const answer = await this.socket.ask(...vocabulary.send(to, content));
    if (answer.kind === 'ok') log.write({ ...entry, kind: 'ok', id: shown(answer.reply).id });
    else {
      log.write({ ...entry, kind: answer.kind });
      if (answer.kind === 'fail') log.refused(`${vocabulary.dialect} ${answer.code}`);
    }
  }
}

/** The message in an ack or an event of these vocabularies: as it is, or under `message`. */
function shown(payload: Record<string, unknown>): { id: string; content: unknown } {
  const inner = payload.message;
  const message = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : payload;
  const id = message._id ?? message.id;
  return { id: typeof id === 'string' ? id : '', content: message.content };
}
