import { connect } from 'node:net';

/** Whether something accepts connections on this loopback port. */
export function accepts(port: number): Promise<boolean> {
  return speak(port, '', (heard) => heard !== undefined);
}

/** Whether what listens there answers `words` (or, without any, greets) with a text that begins as `beginning`. */
export function replies(port: number, words: string, beginning: string): Promise<boolean> {
  return speak(port, words, (heard) => heard?.startsWith(beginning) === true);
}

/** Whether a GET is answered 200. */
export async function answers(url: string): Promise<boolean> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  await reply.arrayBuffer();
  return reply.status === 200;
}

const PATIENCE_MS = 2_000;

/** True as soon as `enough` likes what was heard since the connection was made; before that, it is given undefined. */
function speak(
  port: number,
  words: string,
  enough: (heard: string | undefined) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean): void => {
      resolve(answer);
      socket.destroy();
    };
    let heard = '';
    socket.setTimeout(PATIENCE_MS, () => end(false));
    socket.once('connect', () => {
      if (enough(heard)) end(true);
      else if (words !== '') socket.write(words);
    });
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (enough(heard)) end(true);
    });
    socket.once('close', () => end(false));
    socket.once('error', () => end(false));
  });
}
