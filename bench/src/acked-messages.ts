import { type Account, connect } from './target.ts';

/**
 * Messages acknowledged per second. Each pair is a conversation of its own with one message in flight: a socket's messages to one
 * conversation are stored one after the other, so that their order is the sender's. Every receiver is connected and gets each one.
 */
export async function ackedMessagesPerSecond(
  url: string,
  pairs: readonly (readonly [Account, Account])[],
  load: { readonly seconds: number },
): Promise<number> {
  const talks = await Promise.all(
    pairs.map(async ([from, to]) => ({
      sender: await connect(url, from),
      receiver: await connect(url, to),
      to: to.id,
    })),
  );
  try {
    const began = performance.now();
    const until = began + load.seconds * 1000;
    let acked = 0;
    await Promise.all(
      talks.map(async ({ sender, to }) => {
        while (performance.now() < until) {
          const reply = (await sender.timeout(10_000).emitWithAck('chat.send', {
            to: { userId: to },
            content: 'How many of these can you take?',
          })) as { ok: boolean };
          if (!reply.ok) throw new Error(`a send was refused: ${JSON.stringify(reply)}`);
          acked += 1;
        }
      }),
    );
    return acked / ((performance.now() - began) / 1000);
  } finally {
    for (const { sender, receiver } of talks) {
      sender.close();
      receiver.close();
    }
  }
}
