import type { CallId, DeviceId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';
import type { LiveCall } from './live-call.ts';

/** A call with at least one seat held by a socket of this node. */
export interface HostedCall {
  /** As this node last saw it in the store. */
  live: LiveCall;
  /** False once another node said that it changed; read it again before relying on it. */
  fresh: boolean;
  /** The seated sockets here, each with how many candidates it sent since the last description. */
  readonly devices: Map<DeviceId, { readonly session: Session; candidates: number }>;
}

/**
 * The calls this node answers for. Serves three ends: signals are relayed from here without touching a store, leases are renewed for what is here,
 * and an emptied store is filled again from here. Bounded by the node's own sockets.
 */
export class HostedCalls {
  readonly #calls = new Map<CallId, HostedCall>();
  readonly #byDevice = new Map<DeviceId, CallId>();

  get(callId: CallId): HostedCall | undefined {
    return this.#calls.get(callId);
  }

  /** The call in which a device of this node sits. */
  seatOf(deviceId: DeviceId): HostedCall | undefined {
    const callId = this.#byDevice.get(deviceId);
    return callId === undefined ? undefined : this.#calls.get(callId);
  }

  entries(): [CallId, HostedCall][] {
    return [...this.#calls];
  }

  host(session: Session, live: LiveCall): void {
    const callId = live.state.call.id;
    const call = this.#calls.get(callId) ?? { live, fresh: true, devices: new Map() };
    call.live = live;
    call.fresh = true;
    call.devices.set(session.deviceId, { session, candidates: 0 });
    this.#calls.set(callId, call);
    this.#byDevice.set(session.deviceId, callId);
  }

  /** Takes in what the call has become; returns the sockets that thereby lost their seat. */
  update(live: LiveCall): Session[] {
    const { call, callerSeat, answerSeat } = live.state;
    const hosted = this.#calls.get(call.id);
    if (!hosted) return [];
    hosted.live = live;
    hosted.fresh = true;
    const unseated: Session[] = [];
    for (const [deviceId, { session }] of hosted.devices) {
      const seated = callerSeat.device.deviceId === deviceId || answerSeat?.device.deviceId === deviceId;
      if (seated && call.phase !== 'ended') continue;
      unseated.push(session);
      this.drop(deviceId);
    }
    return unseated;
  }

  /** The socket is gone, or sits there no more. */
  drop(deviceId: DeviceId): void {
    const callId = this.#byDevice.get(deviceId);
    if (callId === undefined) return;
    this.#byDevice.delete(deviceId);
    const hosted = this.#calls.get(callId);
    hosted?.devices.delete(deviceId);
    if (hosted?.devices.size === 0) this.#calls.delete(callId);
  }
}
