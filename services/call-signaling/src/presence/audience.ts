import type { Delivery, PublicUser, UserId } from '@switchboard/protocol';
import type { Router } from '../router/router.ts';

/** What one user may see of who is online, and who is told of changes: PRESENCE_SCOPE as code. */
export interface Audience {
  /** The part of `online` that `userId` may see, themselves included. */
  visibleTo(userId: UserId, online: readonly PublicUser[]): Promise<PublicUser[]>;
  announce(change: {
    readonly online: readonly PublicUser[];
    readonly joined: readonly PublicUser[];
    readonly left: readonly PublicUser[];
    readonly at: string;
  }): Promise<void>;
}

/** One truth for all: every socket hears every change. */
export function everyone(router: Router): Audience {
  return {
    visibleTo: async (_userId, online) => [...online],
    announce: async ({ online, joined, left, at }) => {
      router.toEveryone({ type: 'presence', online: [...online], joined: [...joined], left: [...left], at });
    },
  };
}

/** A user sees, and is seen by, those who share a direct conversation with them. */
export function contactsOnly(
  router: Router,
  contactsOf: (userId: UserId) => Promise<ReadonlySet<UserId>>,
): Audience {
  const visibleTo: Audience['visibleTo'] = async (userId, online) => {
    const contacts = await contactsOf(userId);
    return online.filter(({ id }) => id === userId || contacts.has(id));
  };
  return {
    visibleTo,
    async announce({ online, joined, left, at }) {
      const told = new Map<UserId, { joined: PublicUser[]; left: PublicUser[] }>();
      const tell = async (user: PublicUser, change: 'joined' | 'left'): Promise<void> => {
        for (const contact of [...(await contactsOf(user.id)), user.id]) {
          const changes = told.get(contact) ?? { joined: [], left: [] };
          changes[change].push(user);
          told.set(contact, changes);
        }
      };
      for (const user of joined) await tell(user, 'joined');
      for (const user of left) await tell(user, 'left');

      const here = new Set(online.map(({ id }) => id));
      for (const [userId, changes] of told) {
        if (!here.has(userId)) continue;
        const delivery: Delivery = {
          type: 'presence',
          online: await visibleTo(userId, online),
          ...changes,
          at,
        };
        await router.toUser(userId, delivery);
      }
    },
  };
}
