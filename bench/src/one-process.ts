import { ackedMessagesPerSecond } from './acked-messages.ts';
import { relayLatency } from './relay-latency.ts';
import { onThisMachine, spread, table } from './report.ts';
import { type Account, signUpPair, startTarget } from './target.ts';

const ROUNDS = 5;
const PAIRS = 64;
const DEADLINE_MS = 150_000;

/** What one all-in-one process does on this machine; ends by itself within about a minute. */
export async function oneProcess(): Promise<void> {
  const target = await startTarget();
  const watchdog = setTimeout(() => {
    process.stderr.write(`gave up after ${DEADLINE_MS / 1000} s\n`);
    void target.stop().finally(() => process.exit(1));
  }, DEADLINE_MS);
  try {
    const pairs: [Account, Account][] = [];
    for (let n = 0; n < PAIRS; n += 1) pairs.push(await signUpPair(target.url));
    const pair = pairs[0] as [Account, Account];
    const throughput: number[] = [];
    const p50: number[] = [];
    const p99: number[] = [];
    // One uncounted round of each first: code compiled, files opened.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const rate = await ackedMessagesPerSecond(target.url, pairs, { seconds: 3 });
      const latency = await relayLatency(target.url, pair, { signals: 1000 });
      if (round === 0) continue;
      throughput.push(rate);
      p50.push(latency.p50);
      p99.push(latency.p99);
    }
    process.stdout.write(`${onThisMachine(ROUNDS)}\n\n`);
    process.stdout.write(
      table([
        ['measure', 'unit', 'min', 'median', 'max'],
        [`acknowledged messages, ${PAIRS} conversations`, '1/s', ...spread(throughput, 0)],
        ['relay of one signal, device to device, p50', 'ms', ...spread(p50, 2)],
        ['relay of one signal, device to device, p99', 'ms', ...spread(p99, 2)],
      ]),
    );
  } finally {
    clearTimeout(watchdog);
    await target.stop();
  }
}
