import type { Message } from '@switchboard/protocol';
import type { z } from 'zod';
import type { Account } from '../rest-fields/views.ts';
import { jitsiMessage } from './encode.ts';
import type { JitsiMessageSent, JitsiMessages, JitsiUsers } from './rest.ts';

/** In the order given; messages of rooms have no shape here and are left out. */
export function jitsiMessages(messages: readonly Message[]): z.infer<typeof JitsiMessages> {
  return { success: true, messages: messages.flatMap((message) => jitsiMessage(message) ?? []) };
}

/** A direct message; a room's is a caller's mistake. */
export function jitsiMessageSent(message: Message): z.infer<typeof JitsiMessageSent> {
  const shown = jitsiMessage(message);
  if (!shown) throw new RangeError('jitsi shows direct messages only');
  return { success: true, message: shown };
}

export function jitsiUsers(
  users: readonly Pick<Account, 'id' | 'name' | 'email'>[],
): z.infer<typeof JitsiUsers> {
  return users.map(({ id, name, email }) => ({ id, name, email }));
}
