import { z } from 'zod';

/** all: every message. mentions: those that name the user. none: nothing. */
export const NotifyMode = z.enum(['all', 'mentions', 'none']);
export type NotifyMode = z.infer<typeof NotifyMode>;

/** A zone of the IANA database that this machine knows, such as `Europe/Berlin`. Fixed offsets are none. */
export const TimeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/, { error: 'must be an IANA time zone such as Europe/Berlin' })
  .refine(isKnownZone, { error: 'must be an IANA time zone such as Europe/Berlin', abort: true });

const MinuteOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time such as 22:00' });

/** A stretch of each day in which messages wake nobody. `to` before `from`: past midnight. */
export const QuietHours = z.object({
  from: MinuteOfDay,
  to: MinuteOfDay,
  timeZone: TimeZone,
  /** silent: calls ring no device that is not connected, either. */
  calls: z.enum(['ring', 'silent']),
});
export type QuietHours = z.infer<typeof QuietHours>;

/** What a user wants to be told of while no device of theirs is connected. */
export const NotificationPreferences = z.object({
  /** Where nothing is said of the conversation itself. */
  messages: z.object({ direct: NotifyMode, rooms: NotifyMode }),
  /** Whether pushes hold the beginning of a message. */
  previews: z.boolean(),
  quietHours: QuietHours.optional(),
});
export type NotificationPreferences = z.infer<typeof NotificationPreferences>;

export const DEFAULT_PREFERENCES: NotificationPreferences = {
  messages: { direct: 'all', rooms: 'mentions' },
  previews: true,
};

/** What a user wants of one conversation. `mode` absent: as of all of its kind. `mutedUntil`: nothing until then, whatever the mode. */
export const ConversationNotifications = z.object({
  mode: NotifyMode.optional(),
  mutedUntil: z.iso.datetime().optional(),
});
export type ConversationNotifications = z.infer<typeof ConversationNotifications>;

function isKnownZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
