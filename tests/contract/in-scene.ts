import {
  ALICE,
  BOB,
  CALL,
  DIRECT,
  MESSAGE,
  MESSAGE_2,
  PUSH_DEVICE,
  ROOM,
  ROOM_CHAT,
  SESSION,
} from '../../packages/dialects/src/fixtures/canon.ts';
import { WEBHOOK } from '../../packages/dialects/src/native/fixtures/rest-webhooks.ts';

/** What stands in a real server for the users and things that the golden fixtures name. */
export interface Scene {
  /** Whoever speaks. */
  readonly me: string;
  /** Whom they speak of or to. */
  readonly other: string;
  readonly token?: string;
  readonly callId?: string;
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly roomId?: string;
  readonly sessionId?: string;
  readonly pushDeviceId?: string;
  readonly webhookId?: string;
  /** Stands in for the socket id that a fixture names. */
  readonly socketId?: { readonly named: string; readonly is: string };
}

/** A fixture's value with its users and things replaced by those of the scene, numbers by numbers. What the scene lacks stays. */
export function inScene(value: unknown, scene: Scene): unknown {
  const stands: Readonly<Record<string, string | undefined>> = {
    [ALICE]: scene.me,
    [BOB]: scene.other,
    [CALL]: scene.callId,
    [MESSAGE]: scene.messageId,
    [MESSAGE_2]: scene.messageId,
    [DIRECT]: scene.conversationId,
    [ROOM]: scene.roomId,
    [ROOM_CHAT]: scene.roomId && `r:${scene.roomId}`,
    [SESSION]: scene.sessionId,
    [PUSH_DEVICE]: scene.pushDeviceId,
    [WEBHOOK]: scene.webhookId,
    jwt: scene.token,
    ...(scene.socketId ? { [scene.socketId.named]: scene.socketId.is } : {}),
  };
  const replace = (part: unknown): unknown => {
    // Ids may be written in capitals.
    if (typeof part === 'string') return stands[part] ?? stands[part.toLowerCase()] ?? part;
    if (typeof part === 'number') {
      const id = stands[String(part)];
      return id === undefined ? part : Number(id);
    }
    if (Array.isArray(part)) return part.map(replace);
    if (part === null || typeof part !== 'object' || Buffer.isBuffer(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, replace(inner)]));
  };
  return replace(value);
}
