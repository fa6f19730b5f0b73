import { runInNewContext } from 'node:vm';
import { channelsEventOf, type Dialect, dialectOfEvent } from '../../packages/dialects/src/index.ts';
import { type Command, type Result, UserId } from '../../packages/protocol/src/index.ts';

const ID = '7b1f4e9a-0c35-4d5e-9a2b-6f8d3c2e1a00';

/** What the lines of a page may name without having made it. */
const GIVEN = {
  offer: { type: 'offer', sdp: 'v=0' },
  answer: { type: 'answer', sdp: 'v=0' },
  candidate: { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0' },
  callId: ID,
  messageId: ID,
  roomId: '5',
  /** Another user's. */
  userId: '2',
  socketId: 'X7rB9aKq0TzWv1uCAAAB',
  token: 'a.b.c',
};

/** Somebody's own id in the lines' eyes. */
const SENDER = UserId.parse('1');

/**
 * What a server of this vocabulary understands of each `socket.emit(…)` or `ws.send(…)` of a block of lines; blocks are apart by blank lines.
 */
export function understood(code: string, dialect: Dialect): Result<Command>[][] {
  return code
    .split(/\n\s*\n/)
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const heard: Result<Command>[] = [];
      const emit = (event: string, ...args: unknown[]) => {
        const inbound = dialectOfEvent(event, dialect)?.inbound.get(event);
        if (!inbound) throw new Error(`there is no event ${event}`);
        heard.push(inbound.decode(asSent(args), { userId: SENDER }));
      };
      const send = (text: string) => {
        const frame: unknown = JSON.parse(text);
        const inbound = dialect.inbound.get(channelsEventOf(frame) ?? '');
        if (!inbound) throw new Error(`a frame that is nothing here: ${text}`);
        heard.push(inbound.decode([frame, GIVEN.roomId], { userId: SENDER }));
      };
      runInNewContext(block, { ...GIVEN, socket: { emit, emitWithAck: emit }, ws: { send }, JSON });
      return heard;
    });
}

/** As it comes off the wire: of this realm, absent where undefined. */
function asSent(args: readonly unknown[]): unknown[] {
  return JSON.parse(JSON.stringify(args)) as unknown[];
}
