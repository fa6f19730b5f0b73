import type { PushContent, PushKind } from '@switchboard/protocol';
import type { Metrics } from '@switchboard/service-kit';

export interface PushMetrics {
  /** @param waitedMs From being due to the end, of one that was tried. */
  ended(kind: PushKind, content: PushContent['type'], outcome: string, waitedMs?: number): void;
  receipt(outcome: string): void;
  backlog(count: number): void;
  observe(gauges: { readonly inHand: () => number; readonly lanesOpen: () => number }): void;
}

const WAIT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200];

export function createPushMetrics(metrics: Metrics): PushMetrics {
  const ended = metrics.counter('pushes_total', 'Pushes by what became of a try to send them', [
    'kind',
    'content',
    'outcome',
  ]);
  const receipts = metrics.counter(
    'push_receipts_total',
    'Answers to the question what became of a push that was taken',
    ['outcome'],
  );
  const backlog = metrics.gauge('pushes_due', 'Pushes that are due and not sent yet, in the whole cluster');
  const waited = metrics.histogram(
    'push_wait_seconds',
    'From being due to being taken by the push service',
    ['kind', 'content'],
    WAIT_BUCKETS,
  );
  return {
    ended(kind, content, outcome, waitedMs) {
      ended.inc({ kind, content, outcome });
      if (outcome === 'sent' && waitedMs !== undefined) {
        waited.observe({ kind, content }, Math.max(0, waitedMs) / 1_000);
      }
    },
    receipt: (outcome) => receipts.inc({ outcome }),
    backlog: (count) => backlog.set(count),
    observe({ inHand, lanesOpen }) {
      metrics.observed('pushes_in_hand', 'Pushes that this process is sending', inHand);
      metrics.observed('push_services_left_alone', 'Push services behind an open circuit breaker', lanesOpen);
    },
  };
}
