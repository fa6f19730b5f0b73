import { type Account, connect } from './target.ts';

/** Messages acknowledged per second, with a fixed number in flight; the receiver is connected and gets each one. */
export async function ackedMessagesPerSecond(
  url: string,
  [from, to]: readonly [Account, Account],
  load: { readonly inFlight: number; readonly seconds: number },
): Promise<number> {
  const [sender, receiver] = await Promise.all([connect(url, from), connect(url, to)]);
  try {
    const until = performance.now() + load.seconds * 1000;
    let acked = 0;
    const worker = async () => {
      while (performance.now() < until) {
        const reply = (await sender.timeout(10_000).emitWithAck('chat.send', {
          to: { userId: to.id },
          content: 'How many of these can you take?',
        })) as { ok: boolean };
        if (!reply.ok) throw new Error(`a send was refused: ${JSON.stringify(reply)}`);
        acked += 1;
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: load.inFlight }, worker));
    return acked / ((performance.now() - began) / 1000);
  } finally {
    sender.close();
    receiver.close();
  }
}
