import type { Metrics } from '@switchboard/service-kit';

export interface ChatMetrics {
  stored(count: number): void;
  repeated(): void;
  /** Messages handed to the database in one insert. */
  batch(size: number): void;
  swept(count: number): void;
  queue(length: number): void;
}

export function createChatMetrics(metrics: Metrics): ChatMetrics {
  const stored = metrics.counter('chat_messages_stored_total', 'Messages stored and acknowledged');
  const repeated = metrics.counter(
    'chat_messages_repeated_total',
    'Sends answered with the message stored before',
  );
  const swept = metrics.counter('chat_events_swept_total', 'Events published by a sweep');
  const queue = metrics.gauge('chat_send_queue', 'Messages waiting to be stored');
  const batch = metrics.histogram(
    'chat_insert_batch_messages',
    'Messages in one insert',
    [],
    [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  );
  return {
    stored: (count) => stored.inc(count),
    repeated: () => repeated.inc(),
    batch: (size) => batch.observe(size),
    swept: (count) => swept.inc(count),
    queue: (length) => queue.set(length),
  };
}
