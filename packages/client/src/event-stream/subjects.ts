import type { EventType } from './event-types.ts';

/** The streams of JetStream, by the first word of the types of events in them. */
const STREAMS = { auth: 'AUTH', chat: 'CHAT', call: 'CALLS' } as const;
type Family = keyof typeof STREAMS;
/** How many words the types of a family have; the subject has the partition behind them. */
const WORDS: Readonly<Record<Family, number>> = { auth: 3, chat: 3, call: 2 };

/** Events about the same thing share one of so many partitions, hence come in order. */
export const PARTITIONS = 8;

/**
 * What one consumer on the server is to be. It is given the whole family, and what nobody asked for is let pass here: a service may ask for other events the next time, and servers before
 * 2.10 take a change of the filter without heeding it.
 */
export interface ConsumerPlan {
  readonly stream: (typeof STREAMS)[Family];
  readonly name: string;
  readonly filter: string;
}

/** One consumer a stream, or one a stream and partition where the order within each is to be kept. */
export function consumerPlans(
  durable: string,
  types: readonly EventType[],
  ordered: boolean,
): ConsumerPlan[] {
  const families = [...new Set(types.map(familyOf))];
  return families.flatMap((family): ConsumerPlan[] => {
    const stream = STREAMS[family];
    const subject = [family, ...Array.from({ length: WORDS[family] - 1 }, () => '*')].join('.');
    if (!ordered) return [{ stream, name: durable, filter: `${subject}.*` }];
    return Array.from({ length: PARTITIONS }, (_, partition) => ({
      stream,
      name: `${durable}-p${partition}`,
      filter: `${subject}.p${partition}`,
    }));
  });
}

function familyOf(type: EventType): Family {
  const family = type.split('.', 1)[0];
  if (family === 'auth' || family === 'chat' || family === 'call') return family;
  throw new RangeError(`${type} is no type of event`);
}
