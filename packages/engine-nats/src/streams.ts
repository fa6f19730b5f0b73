import { SwitchboardError } from '@switchboard/protocol';
import {
  JetStreamApiError,
  type JetStreamManager,
  nanos,
  RetentionPolicy,
  StorageType,
} from './jetstream.ts';
import { DEAD_STREAM, DEAD_SUBJECTS, STREAM_SUBJECTS, type StreamName } from './subjects.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long an event id is remembered: publishing it again in this time has no effect. */
const DEDUPE_MS = 2 * 60 * 1000;
const STREAM_NOT_FOUND = 10059;
/** No cluster, or too few servers in it. */
const TOO_MANY_REPLICAS = [10074, 10005];

export interface StreamSettings {
  /** Copies of each stream: 1, or 3 on a NATS cluster. */
  readonly replicas: number;
  /** How long events are kept for consumers that are away. */
  readonly maxAgeMs?: number;
  /** Of one stream on disk; past it the oldest events go. */
  readonly maxBytes?: number;
}

/** Makes a stream unless it is there; one that is stays as its operator has it. */
export async function ensureStream(
  manager: JetStreamManager,
  name: StreamName | typeof DEAD_STREAM,
  { replicas, maxAgeMs = 3 * DAY_MS, maxBytes = 1024 ** 3 }: StreamSettings,
): Promise<void> {
  try {
    await manager.streams.info(name);
    return;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND) throw error;
  }
  const dead = name === DEAD_STREAM;
  const adding = manager.streams.add({
    name,
    subjects: [dead ? DEAD_SUBJECTS : STREAM_SUBJECTS[name]],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: replicas,
    max_age: nanos(dead ? 30 * DAY_MS : maxAgeMs),
    max_bytes: maxBytes,
    duplicate_window: nanos(DEDUPE_MS),
  });
  await adding.catch((cause: unknown) => {
    if (!(cause instanceof JetStreamApiError) || !TOO_MANY_REPLICAS.includes(cause.code)) throw cause;
    throw new SwitchboardError(
      {
        code: 'SERVICE_UNAVAILABLE',
        message: `NATS_REPLICAS is ${replicas}, which needs as many NATS servers in a cluster: lower it, or start them`,
      },
      { cause },
    );
  });
}
