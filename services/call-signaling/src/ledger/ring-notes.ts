import type { CallState } from '@switchboard/domain';
import type { PresentDevice } from '@switchboard/ports';
import type { BusEvent, CallDevice, CallId, SessionId, UserId } from '@switchboard/protocol';
import type { PushedContent, PushedStep, RingDoc } from './ring-model.ts';

/** What is to be kept in one entry of the ledger: what names it, and what is new. */
export interface RingNote {
  readonly _id: string;
  readonly named: Pick<RingDoc, 'userId' | 'target' | 'deviceId'>;
  readonly facts: Readonly<Record<string, Date | string | PushedStep>>;
}

/** A socket that was rung. */
export type RungDevice = Pick<PresentDevice, 'userId' | 'deviceId' | 'dialect' | 'sessionId'>;

/** A ring was sent to these sockets. */
export function rungNotes(callId: CallId, devices: readonly RungDevice[], at: Date): RingNote[] {
  return devices.map(({ userId, deviceId, dialect, sessionId }) => ({
    _id: `${callId}:${deviceId}`,
    named: { userId, target: 'socket', deviceId },
    facts: { rungAt: at, sessionId, ...(dialect === null ? {} : { dialect }) },
  }));
}

/**
 * What an event says about the ring of its call. `callees`: as the live call has them, where it is still known; of it is taken what the event leaves open, why somebody
 * was not rung at all.
 */
export function notesOf(event: BusEvent, callees: CallState['callees'] | undefined): RingNote[] {
  const at = new Date(event.at);
  switch (event.type) {
    case 'call.ringing': {
      const { call, reachable } = event;
      return unreached(
        call.id,
        call.callees.map(({ id }) => id).filter((id) => !reachable.includes(id)),
        callees,
      );
    }
    case 'call.acknowledged': {
      const { callId, userId, device, sessionId } = event;
      return [deviceNote(callId, userId, device, sessionId, { acknowledgedAt: at })];
    }
    case 'call.answered':
      return [deviceNote(event.call.id, event.by, event.device, event.sessionId, { answeredAt: at })];
    case 'call.declined':
      return declined(event.call.id, event, event.reason, at);
    case 'call.ended': {
      const { call, reason, by, from } = event;
      if (from !== 'ringing' || (reason !== 'rejected' && reason !== 'busy' && reason !== 'unavailable'))
        return [];
      if (by !== undefined)
        return reason === 'unavailable' ? [] : declined(call.id, { ...event, by }, reason, at);
      // It never rang for anybody.
      return unreached(
        call.id,
        call.callees.map(({ id }) => id),
        callees,
      );
    }
    case 'call.pushed': {
      const { callId, userId, target, content, step, detail } = event;
      const field = `pushes.${content.slice('call.'.length) as PushedContent}.${step}`;
      return [
        {
          _id: `${callId}:${target.id}`,
          named: { userId, target: target.kind, deviceId: target.id },
          facts: {
            sessionId: target.sessionId,
            [field]: { at, ...(detail === undefined ? {} : { detail }) },
          },
        },
      ];
    }
    default:
      return [];
  }
}

function deviceNote(
  callId: CallId,
  userId: UserId,
  { deviceId, dialect }: CallDevice,
  sessionId: SessionId | undefined,
  facts: RingNote['facts'],
): RingNote {
  return {
    _id: `${callId}:${deviceId}`,
    named: { userId, target: 'socket', deviceId },
    facts: { dialect, ...(sessionId === undefined ? {} : { sessionId }), ...facts },
  };
}

function userNote(callId: CallId, userId: UserId, facts: RingNote['facts']): RingNote {
  return { _id: `${callId}:user:${userId}`, named: { userId, target: 'user' }, facts };
}

function declined(
  callId: CallId,
  {
    by,
    device,
    sessionId,
  }: { by: UserId; device?: CallDevice | undefined; sessionId?: SessionId | undefined },
  declinedAs: 'rejected' | 'busy' | 'unavailable',
  at: Date,
): RingNote[] {
  return [
    userNote(callId, by, { declinedAt: at, declinedAs }),
    ...(device ? [deviceNote(callId, by, device, sessionId, { declinedAt: at })] : []),
  ];
}

function unreached(
  callId: CallId,
  userIds: readonly UserId[],
  callees: CallState['callees'] | undefined,
): RingNote[] {
  return userIds.map((userId) =>
    userNote(callId, userId, { unreached: callees?.[userId] === 'busy' ? 'busy' : 'unavailable' }),
  );
}
