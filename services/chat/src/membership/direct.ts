import { directConversation, ok, reject } from '@switchboard/protocol';
import type { UserDirectory } from '@switchboard/service-kit';
import { type DirectKind, notAMember, otherMember } from './membership.ts';

/**
 * Direct conversations have exactly the two users they are named by; with oneself it holds notes. A banned user can be written to and will
 * read it when the ban is over; a deleted one cannot.
 */
export function createDirectKind(directory: Pick<UserDirectory, 'get'>): DirectKind {
  return {
    async destination(actor, receiverId) {
      const receiver = await directory.get(receiverId);
      if (!receiver || receiver.status === 'deleted') return reject('USER_NOT_FOUND', 'User not found');
      return ok({ conversationId: directConversation(actor, receiverId), receiverId });
    },
    mayRead: async (userId, conversationId) =>
      otherMember(userId, conversationId) === undefined ? notAMember() : ok(undefined),
  };
}
