import type { Bus } from '@switchboard/ports';
import type { BusLogger } from '@switchboard/ports/engine';
import { wired } from '@switchboard/ports/engine';
import { type NodeId, Notice, SwitchboardError, unavailable } from '@switchboard/protocol';
import { hop } from '../hop.ts';

/** Notices under way to one listener; past it they are lost, as the port allows. */
const MAX_UNDER_WAY = 10_000;

interface Listener {
  readonly node: NodeId | undefined;
  readonly hear: (notice: Notice) => void;
  underWay: number;
}

export interface Notices extends Pick<Bus, 'notify' | 'listen'> {
  close(): void;
}

/** At most once, to whoever listens at the moment of arrival. */
export function createNotices(logger: BusLogger | undefined): Notices {
  const listeners = new Set<Listener>();
  let closed = false;

  const deliver = async (listener: Listener, json: string): Promise<void> => {
    listener.underWay++;
    await hop();
    listener.underWay--;
    if (!listeners.has(listener)) return;
    try {
      listener.hear(JSON.parse(json) as Notice);
    } catch (err) {
      logger?.error({ err }, 'a notice handler threw');
    }
  };

  return {
    async notify(notice, to) {
      if (closed) throw unavailable('the bus');
      const parsed = Notice.safeParse(wired(notice));
      if (!parsed.success) throw new SwitchboardError({ code: 'INTERNAL', message: 'not a notice' });
      const json = JSON.stringify(parsed.data);
      for (const listener of listeners) {
        if (to !== undefined && listener.node !== to) continue;
        if (listener.underWay >= MAX_UNDER_WAY) logger?.warn({ type: notice.type }, 'a notice was dropped');
        else void deliver(listener, json);
      }
      await hop();
    },

    async listen(hear, node) {
      if (closed) throw unavailable('the bus');
      const listener: Listener = { node, hear, underWay: 0 };
      listeners.add(listener);
      await hop();
      return {
        async [Symbol.asyncDispose]() {
          listeners.delete(listener);
        },
      };
    },

    close() {
      closed = true;
      listeners.clear();
    },
  };
}
