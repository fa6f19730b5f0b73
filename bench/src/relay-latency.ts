import { percentile } from './report.ts';
import { type Account, connect } from './target.ts';

/** Milliseconds from one device's emit to the other device's event inside an answered call, one signal at a time. */
export async function relayLatency(
  url: string,
  [caller, callee]: readonly [Account, Account],
  load: { readonly signals: number },
): Promise<{ p50: number; p99: number }> {
  const [a, b] = await Promise.all([connect(url, caller), connect(url, callee)]);
  const ask = async (socket: typeof a, event: string, payload: unknown) => {
    const reply = (await socket.timeout(10_000).emitWithAck(event, payload)) as { ok: boolean };
    if (!reply.ok) throw new Error(`${event} was refused: ${JSON.stringify(reply)}`);
  };
  try {
    const rung = new Promise((resolve) => b.once('call.incoming', resolve));
    await ask(a, 'call.place', { to: { userId: callee.id }, kind: 'voice' });
    await rung;
    const answered = new Promise((resolve) => a.once('call.answered', resolve));
    await ask(b, 'call.answer', {});
    await answered;
    const times: number[] = [];
    for (let n = 0; n < load.signals; n += 1) {
      const heard = new Promise((resolve, reject) => {
        b.once('call.signal', resolve);
        a.once('error', (refusal: { code: string }) =>
          reject(new Error(`a signal was refused: ${refusal.code}`)),
        );
      });
      const sent = performance.now();
      a.emit('call.signal', { signal: { kind: 'offer', payload: { type: 'offer', sdp: `v=0 ${n}` } } });
      await heard;
      a.off('error');
      times.push(performance.now() - sent);
    }
    await ask(a, 'call.end', {});
    return { p50: percentile(times, 50), p99: percentile(times, 99) };
  } finally {
    a.close();
    b.close();
  }
}
