import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { onThisMachine, percentile, spread, table } from './report.ts';
import { type Account, connect, signUpPair, startClusterTarget, startTarget, type Target } from './target.ts';

const ROUNDS = 5;
const IN_FLIGHT = [1, 16, 64, 256] as const;
const SECONDS = 2;
/** What a receiver may lag behind before the next measurement starts without it. */
const CATCH_UP_MS = 30_000;

interface Measured {
  /** Acknowledged messages a second. */
  readonly acked: number;
  /** Median time to an acknowledgement, ms. */
  readonly p50: number;
  /** Messages a second, until the receiver had the last of them. */
  readonly heard: number;
}

/**
 * One socket writes to one conversation, with so many messages in flight, and a receiver hears them: acknowledgements a second, in one process (or with `--cluster`
 * over NATS, Redis and the gateway). `--against FOLDER`: the same of another checkout, built, in turns with this one, for a machine is seldom as quiet as a moment ago.
 */
export async function oneConversation(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { against: { type: 'string' }, cluster: { type: 'boolean', default: false } },
  });
  const start = values.cluster ? startClusterTarget : startTarget;
  const roots = [...(values.against === undefined ? [] : [values.against]), undefined];
  const targets: { target: Target; pair: readonly [Account, Account]; measured: Measured[][] }[] = [];
  try {
    for (const root of roots) {
      const target = await start(root);
      targets.push({ target, pair: await signUpPair(target.url), measured: IN_FLIGHT.map(() => []) });
    }
    // One uncounted round first: code compiled, files opened.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [index, inFlight] of IN_FLIGHT.entries()) {
        // Whoever is first has the quieter machine, or the colder one.
        const turn = round % 2 === 0 ? targets : [...targets].reverse();
        for (const { target, pair, measured } of turn) {
          const result = await measure(target.url, pair, inFlight);
          if (round > 0) measured[index]?.push(result);
        }
      }
    }
  } finally {
    for (const { target } of targets) await target.stop();
  }

  const where = values.cluster ? 'cluster of processes, two signaling nodes' : 'one process';
  process.stdout.write(`${onThisMachine(ROUNDS)}; ${where}, one socket to one conversation\n\n`);
  const median = (numbers: readonly number[]) => Number(spread(numbers, 3)[1]);
  const rows = IN_FLIGHT.flatMap((inFlight, index) => {
    const results = targets.map(({ measured }) => measured[index] ?? []);
    const was = results.length > 1 ? (results[0] ?? []) : undefined;
    return results.map((result) => {
      const acked = result.map((each) => each.acked);
      const ratio =
        was === undefined || result === was
          ? ''
          : (median(acked) / median(was.map((each) => each.acked))).toFixed(1);
      return [
        String(inFlight),
        result === was ? 'other' : 'this',
        ...spread(acked, 0),
        spread(
          result.map((each) => each.p50),
          1,
        )[1],
        spread(
          result.map((each) => each.heard),
          0,
        )[1],
        ratio,
      ];
    });
  });
  const head = ['in flight', 'checkout', 'acked/s min', 'median', 'max', 'ack p50 ms', 'heard/s', 'ratio'];
  process.stdout.write(table([head, ...rows]));
}

async function measure(
  url: string,
  [from, to]: readonly [Account, Account],
  inFlight: number,
): Promise<Measured> {
  const [sender, receiver] = await Promise.all([connect(url, from), connect(url, to)]);
  try {
    let heard = 0;
    receiver.on('message.created', () => {
      heard += 1;
    });
    const began = performance.now();
    const until = began + SECONDS * 1000;
    const times: number[] = [];
    const seqs: number[] = [];
    let sent = 0;
    const keepSending = async (): Promise<void> => {
      while (performance.now() < until) {
        const place = sent;
        sent += 1;
        const at = performance.now();
        const reply = (await sender.timeout(20_000).emitWithAck('chat.send', {
          to: { userId: to.id },
          content: 'How many of these can you take?',
          clientMessageId: randomUUID(),
        })) as { ok: boolean; message: { seq: number } };
        if (!reply.ok) throw new Error(`a send was refused: ${JSON.stringify(reply)}`);
        times.push(performance.now() - at);
        seqs[place] = reply.message.seq;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, keepSending));
    const acked = sent / ((performance.now() - began) / 1000);
    const first = seqs[0] ?? 0;
    if (seqs.some((seq, place) => seq !== first + place))
      throw new Error('not stored in the order of sending');
    const deadline = performance.now() + CATCH_UP_MS;
    while (heard < sent && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return { acked, p50: percentile(times, 50), heard: heard / ((performance.now() - began) / 1000) };
  } finally {
    sender.close();
    receiver.close();
  }
}
