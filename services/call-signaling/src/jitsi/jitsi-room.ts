import { createHmac, type KeyObject } from 'node:crypto';
import type { EncodeContext } from '@switchboard/dialects';
import type { Clock } from '@switchboard/ports';
import type { Call, UserId } from '@switchboard/protocol';

export interface JitsiSettings {
  readonly domain: string;
  /** Both or neither: with them, rooms are entered with a token as Jitsi's prosody module wants it. */
  readonly appId?: string | undefined;
  readonly appSecret?: KeyObject | undefined;
}

/** A call may be joined late and again after a reconnect; a token lasts as long as a long call. */
const TOKEN_SECONDS = 6 * 60 * 60;

/** What a client needs to enter the Jitsi room of a call: `call_<callId>`, the microphone on, the camera as the kind of call says. */
export function createJitsiRoom(settings: JitsiSettings, clock: Clock): EncodeContext['jitsiRoom'] {
  return (call, user) => {
    const roomName = `call_${call.id}`;
    const jwt = roomToken(settings, roomName, call, user, clock.now());
    return {
      domain: settings.domain,
      roomName,
      url: `https://${settings.domain}/${roomName}`,
      ...(jwt === undefined ? {} : { jwt }),
      config: { startWithAudioMuted: false, startWithVideoMuted: call.kind === 'voice' },
    };
  };
}

/** Only for the parties: whoever else is told of the call gets no key to its room. */
function roomToken(
  { domain, appId, appSecret }: JitsiSettings,
  room: string,
  call: Call,
  userId: UserId,
  now: number,
): string | undefined {
  const party = [call.caller, ...call.callees].find(({ id }) => id === userId);
  if (!appId || !appSecret || !party) return undefined;
  const seconds = Math.floor(now / 1000);
  const body = [
    { alg: 'HS256', typ: 'JWT' },
    {
      aud: 'jitsi',
      iss: appId,
      sub: domain,
      room,
      nbf: seconds - 10,
      exp: seconds + TOKEN_SECONDS,
      context: { user: { id: party.id, name: party.name } },
    },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${body}.${createHmac('sha256', appSecret).update(body).digest('base64url')}`;
}
