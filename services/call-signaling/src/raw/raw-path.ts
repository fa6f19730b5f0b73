import { RoomId } from '@switchboard/protocol';

/** Where an upgrade request wants to go, as its path says; `room` undefined where the path names none that could exist. */
export interface RawPath {
  readonly room: RoomId | undefined;
  readonly query: URLSearchParams;
}

const CHAT = /^\/ws\/chat\/([^/]+)\/?$/;

/** `/ws/chat/{room_id}/`, with its slash or without; undefined for any other path. */
export function readRawPath(url: string): RawPath | undefined {
  const [path = '', search = ''] = url.split('?', 2);
  const named = CHAT.exec(path)?.[1];
  if (named === undefined) return undefined;
  const room = RoomId.safeParse(named);
  return { room: room.success ? room.data : undefined, query: new URLSearchParams(search) };
}
