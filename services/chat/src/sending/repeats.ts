import { BoundedMap } from '../bounded-map.ts';
import type { Draft, MessageLog, Stored } from './draft.ts';

export interface Repeats {
  /** True when a message under this clientMessageId is being stored or was lately, on this node. */
  knows(senderId: string, clientMessageId: string | undefined): boolean;
  /** Submits the draft unless it is a repeat; then answers as the first one is answered. `since`: as for `GroupCommit.submit`. */
  once(draft: Draft, since: number): Promise<Stored>;
}

/**
 * Catches the repeats that this node can see, so that they neither take a place nor cost an insert that the database refuses. Only the cheap
 * half of the promise: repeats on other nodes, or long after, are caught by the unique index.
 */
export function createRepeats(
  submit: (draft: Draft, since: number) => Promise<Stored>,
  log: Pick<MessageLog, 'byId'>,
  maxRemembered: number,
): Repeats {
  const inHand = new Map<string, Promise<Stored>>();
  const acknowledged = new BoundedMap<string, string>(maxRemembered);
  // A user id holds no space.
  const keyOf = (senderId: string, clientMessageId: string) => `${senderId} ${clientMessageId}`;

  async function first(key: string, draft: Draft, since: number): Promise<Stored> {
    try {
      const stored = await submit(draft, since);
      acknowledged.set(key, stored.doc._id);
      return stored;
    } finally {
      inHand.delete(key);
    }
  }

  return {
    knows(senderId, clientMessageId) {
      if (clientMessageId === undefined) return false;
      const key = keyOf(senderId, clientMessageId);
      return inHand.has(key) || acknowledged.has(key);
    },

    async once(draft, since) {
      if (draft.clientMessageId === undefined) return submit(draft, since);
      const key = keyOf(draft.sender.id, draft.clientMessageId);
      const running = inHand.get(key);
      if (running) return { doc: (await running).doc, duplicate: true };
      const known = acknowledged.get(key);
      const doc = known === undefined ? undefined : await log.byId(known);
      if (doc) return { doc, duplicate: true };
      // Somebody may have come first during the read.
      const meanwhile = inHand.get(key);
      if (meanwhile) return { doc: (await meanwhile).doc, duplicate: true };
      const mine = first(key, draft, since);
      inHand.set(key, mine);
      return mine;
    },
  };
}
