import { once } from 'node:events';
import { connect } from 'node:net';

/** A client of NATS that says what the protocol says, word for word, and hears what the server thinks of it. */
export interface NatsUser extends AsyncDisposable {
  /** Whether the server lets it. */
  mayPublish(subject: string, reply?: string): Promise<boolean>;
  maySubscribe(subject: string): Promise<boolean>;
}

export async function natsUser(port: number, user: string, pass: string): Promise<NatsUser> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8').setNoDelay();
  let heard = '';
  let grew: () => void = () => undefined;
  socket.on('data', (text: string) => {
    heard += text;
    grew();
  });
  let lost: Error | undefined;
  socket.once('close', () => {
    lost = new Error(`the server ended the connection of ${user}: ${heard}`);
    grew();
  });
  socket.on('error', () => undefined);

  let subscriptions = 0;
  /** The server answers in order: what it minds about the words is said before the PONG. */
  const say = async (...lines: string[]): Promise<string> => {
    heard = '';
    socket.write([...lines, 'PING', ''].join('\r\n'));
    while (!heard.includes('PONG\r\n')) {
      if (lost) throw lost;
      await new Promise<void>((resolve) => {
        grew = resolve;
      });
    }
    return heard;
  };
  const allowed = (words: string, kind: 'Publish' | 'Subscription', subject: string): boolean => {
    if (!words.includes('-ERR')) return true;
    if (words.includes(`-ERR 'Permissions Violation for ${kind} to "${subject}"`)) return false;
    throw new Error(`${user}, ${subject}: ${words}`);
  };

  await once(socket, 'connect');
  const greeted = await say(
    `CONNECT ${JSON.stringify({ user, pass, lang: 'test', version: '0', verbose: false, pedantic: false })}`,
  );
  if (greeted.includes('-ERR')) throw new Error(`${user} is not let in: ${greeted}`);
  return {
    async mayPublish(subject, reply = '') {
      return allowed(await say(`PUB ${subject} ${reply} 0`, ''), 'Publish', subject);
    },
    async maySubscribe(subject) {
      subscriptions += 1;
      const words = await say(`SUB ${subject} ${subscriptions}`);
      return allowed(words, 'Subscription', subject);
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
