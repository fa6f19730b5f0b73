import type { Bus } from '@switchboard/ports';
import { type BusLogger, wired } from '@switchboard/ports/engine';
import { type NodeId, Notice, SwitchboardError, unavailable } from '@switchboard/protocol';
import { type NatsLink, reaching } from './connect.ts';

const TO_ALL = 'notice.all';

/** A node's name may hold what a subject may not. */
function subjectOf(node: NodeId): string {
  return `notice.node.${Buffer.from(node).toString('base64url')}`;
}

export interface Notices extends Pick<Bus, 'notify' | 'listen'> {
  close(): void;
}

/** Hints over core NATS: at most once, to whoever listens. */
export function createNotices(link: NatsLink, logger: BusLogger | undefined): Notices {
  let closed = false;
  const stops = new Set<() => void>();

  return {
    async notify(notice, to) {
      if (closed) throw unavailable('the bus');
      const parsed = Notice.safeParse(wired(notice));
      if (!parsed.success) throw new SwitchboardError({ code: 'INTERNAL', message: 'not a notice' });
      const text = JSON.stringify(parsed.data);
      await reaching(link, 'the bus', async () => {
        link.nats.publish(to === undefined ? TO_ALL : subjectOf(to), text);
      });
    },

    async listen(hear, node) {
      if (closed) throw unavailable('the bus');
      let listening = true;
      const subjects = [TO_ALL, ...(node === undefined ? [] : [subjectOf(node)])];
      const subscriptions = subjects.map((subject) =>
        link.nats.subscribe(subject, {
          callback(error, message) {
            if (error || !listening) return;
            const notice = Notice.safeParse(message.json());
            // From a newer version of us, or from somebody else.
            if (!notice.success) return;
            try {
              hear(notice.data);
            } catch (err) {
              logger?.error({ err }, 'a notice handler threw');
            }
          },
        }),
      );
      const stop = (): void => {
        listening = false;
        stops.delete(stop);
        for (const subscription of subscriptions) subscription.unsubscribe();
      };
      stops.add(stop);
      await reaching(link, 'the bus', () => link.nats.flush());
      return {
        async [Symbol.asyncDispose]() {
          stop();
        },
      };
    },

    close() {
      closed = true;
      for (const stop of [...stops]) stop();
    },
  };
}
