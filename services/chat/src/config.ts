import { commonConfig, defineConfig, fields } from '@switchboard/service-kit/config';

/** Settings of chat alone, for hosts that run it beside others. */
export const chatFields = {
  /** Messages of one user, over sockets and REST together. */
  RATE_LIMIT_MESSAGES: fields.rate('100/1m'),
  /** Rooms made by one user. */
  RATE_LIMIT_ROOMS: fields.rate('30/1h'),
  /** Lists of the channels vocabulary are pages also when nothing is asked for by query. */
  CHANNELS_PAGINATION: fields.boolean(false),
  /** Messages stored in one round; a round is as long as one write to the database. */
  CHAT_BATCH_MAX: fields.integer({ min: 1, max: 10_000, default: 500 }),
  /** Messages waiting for a round; beyond, senders are told to try again. */
  CHAT_QUEUE_MAX: fields.integer({ min: 1, max: 1_000_000, default: 10_000 }),
  /** How often, and from which age on, events that their node did not get out are looked for. */
  CHAT_OUTBOX_SWEEP: fields.duration('2s'),
  CHAT_OUTBOX_GRACE: fields.duration('5s'),
} as const;

export const chatConfig = defineConfig({ ...commonConfig, ...chatFields });

/** What a chat process reads. */
export type ChatConfig = ReturnType<typeof chatConfig.parse>;
/** What `createChat` itself reads. */
export type ChatSettings = Pick<ChatConfig, keyof typeof chatFields>;
