import { z } from 'zod';

/** What `/jsz?accounts=true&consumers=true` of a NATS server says, as far as it is needed; on a server alone nobody is elected. */
const JetStreamState = z.object({
  account_details: z
    .array(
      z.object({
        stream_detail: z
          .array(
            z.object({
              consumer_detail: z
                .array(z.object({ cluster: z.object({ leader: z.string().optional() }).optional() }))
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** Long enough for a slow machine: what is not led by then is judged as it is. */
const LED_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 250;
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How many consumers each of these servers knows a leader of; the least of them. */
export async function ledConsumers(monitors: readonly string[]): Promise<number> {
  const counts = await Promise.all(
    monitors.map(async (monitor) => {
      const reply = await fetch(`${monitor}/jsz?accounts=true&consumers=true`, {
        signal: AbortSignal.timeout(5_000),
      });
      const { account_details } = JetStreamState.parse(await reply.json());
      return account_details
        .flatMap(({ stream_detail }) => stream_detail)
        .flatMap(({ consumer_detail }) => consumer_detail)
        .filter(({ cluster }) => cluster === undefined || (cluster.leader ?? '') !== '').length;
    }),
  );
  return Math.min(...counts);
}

/** Resolves when so many consumers are led again, or have had time enough. */
export async function consumersLed(monitors: readonly string[], count: number): Promise<void> {
  for (const deadline = performance.now() + LED_WITHIN_MS; performance.now() < deadline; ) {
    if ((await ledConsumers(monitors).catch(() => -1)) >= count) return;
    await pass(LOOK_EVERY_MS);
  }
}
