import type { EventType } from '@switchboard/protocol';
import type { EventFollower } from '@switchboard/service-kit';
import { planMessage } from './plan-message.ts';
import { planRead } from './plan-read.ts';
import type { MessageParts } from './planning-parts.ts';

const TYPES = ['chat.message.created', 'chat.message.read'] as const satisfies readonly EventType[];

/** Turns what happens in conversations into pushes to be sent. */
export function messageFollower(parts: MessageParts): EventFollower<(typeof TYPES)[number]> {
  return {
    types: TYPES,
    async handle(event) {
      switch (event.type) {
        case 'chat.message.created':
          return planMessage(parts, event);
        case 'chat.message.read':
          return planRead(parts, event);
      }
    },
  };
}
