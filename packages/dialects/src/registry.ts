import type { DialectName, Rejection } from '@switchboard/protocol';
import { presentChannelsError, type RefusedRequest } from './channels/errors.ts';
import { channels } from './channels/index.ts';
import type { Dialect, Frame } from './dialect.ts';
import { dialectOfPath } from './dialect-of-path.ts';
import { presentExpoError } from './expo/errors.ts';
import { expo, expoLower } from './expo/index.ts';
import { presentJitsiError } from './jitsi/errors.ts';
import { jitsi } from './jitsi/index.ts';
import { presentNativeError } from './native/errors.ts';
import { native } from './native/index.ts';
import { presentPeerError } from './peer/errors.ts';
import { peer } from './peer/index.ts';
import type { PresentRestError, RestReply } from './rest.ts';
import { presentRoomsError } from './rooms/errors.ts';
import { rooms } from './rooms/index.ts';

/** Every vocabulary that sockets can speak. */
export const dialects: ReadonlyMap<DialectName, Dialect> = new Map(
  [peer, rooms, jitsi, expo, expoLower, channels, native].map((dialect) => [dialect.name, dialect]),
);

/** No inbound event of a Socket.IO vocabulary has a name that another has; the table test sees to it. */
const speakers: ReadonlyMap<string, Dialect> = new Map(
  [...dialects.values()]
    .filter((dialect) => dialect.transport === 'socket.io')
    .flatMap((dialect) => [...dialect.inbound.keys()].map((event) => [event, dialect] as const)),
);

/**
 * Which vocabulary a socket speaks that sends this event; undefined when none has it. One that is declared speaks its own, in any spelling.
 */
export function dialectOfEvent(event: string, declared?: Dialect | null): Dialect | undefined {
  const speaker = speakers.get(event);
  return !declared || (speaker && vocabularyOf(speaker) === vocabularyOf(declared)) ? speaker : undefined;
}

/** The name that all spellings of a vocabulary share. */
function vocabularyOf({ name, variantOf }: Dialect): DialectName {
  return variantOf ?? name;
}

/**
 * How a refused event without an ack function is answered. A socket that has not shown its vocabulary is answered as a
 * jitsi one: no other may speak before it is authenticated, and the `error` event is the same in all.
 */
export function socketErrorFrames(rejection: Rejection, dialect: Dialect = jitsi): readonly Frame[] {
  return dialect.error(rejection);
}

/** How a dialect words rejections over HTTP. `request` only adds to the texts of channels. */
export function presentRestError(dialect: DialectName, request: RefusedRequest = {}): PresentRestError {
  switch (dialect) {
    case 'peer':
      return presentPeerError;
    case 'rooms':
      return presentRoomsError;
    case 'jitsi':
      return presentJitsiError;
    case 'expo':
    case 'expo-lower':
      return presentExpoError;
    case 'channels':
      return (rejection) => presentChannelsError(rejection, request);
    case 'native':
      return presentNativeError;
  }
}

/** The same by where the request went, as an HTTP app asks it; `dialect` where its body spoke another one than the path. */
export function presentRestErrorAt(
  rejection: Rejection,
  request: {
    readonly method: string;
    readonly path: string;
    readonly contentType?: string;
    readonly dialect?: DialectName;
  },
): RestReply {
  const dialect = request.dialect ?? dialectOfPath(request.method, request.path);
  return presentRestError(dialect, request)(rejection);
}
