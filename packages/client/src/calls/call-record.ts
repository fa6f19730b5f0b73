import type { Call } from '../wire.ts';

/** What one side of a call measured, over the whole call. */
export interface CallQuality {
  /** Mean, milliseconds. */
  readonly roundTripMs?: number;
  /** Mean, milliseconds. */
  readonly jitterMs?: number;
  /** Share of the other side's packets that did not arrive, 0 to 1. */
  readonly loss?: number;
  /** Whether media goes through a TURN server. */
  readonly path?: 'direct' | 'relay';
  /** From the accept until the connection stood, milliseconds. */
  readonly setupMs?: number;
  /** What was negotiated, as MIME types, such as `audio/opus`. */
  readonly codecs?: readonly string[];
}

/** The same as the server keeps it: with the opinion score that it estimates, 1 (bad) to about 4.4. */
export interface ReportedQuality extends CallQuality {
  readonly mos?: number;
  readonly reportedAt: string;
}

/** A call with what became of it; times are ISO 8601, UTC. */
export interface CallRecord extends Call {
  readonly direction: 'outgoing' | 'incoming';
  readonly devices: readonly {
    readonly userId: string;
    readonly deviceId: string;
    readonly dialect: Call['callerDevice']['dialect'];
  }[];
  /** Until the answer, or until the end of a call that nobody answered. */
  readonly ringMs?: number;
  /** From the answer to the end. */
  readonly durationMs?: number;
  readonly negotiated?: { readonly codecs: readonly string[]; readonly path?: 'direct' | 'relay' };
  /** `mos`: that of the side that heard worse. */
  readonly quality?: {
    readonly mos?: number;
    readonly caller?: ReportedQuality;
    readonly answerer?: ReportedQuality;
  };
}

/** How a call rang on one of one's own devices. */
export interface RingDevice {
  readonly id: string;
  readonly target: 'socket' | 'expo' | 'web-push' | 'webhook';
  readonly dialect?: Call['callerDevice']['dialect'];
  readonly sessionId?: string;
  readonly rungAt?: string;
  readonly acknowledgedAt?: string;
  readonly answeredAt?: string;
  readonly declinedAt?: string;
  readonly cancelledAt?: string;
  readonly cancelReason?: string;
  readonly pushes: readonly {
    readonly content: string;
    readonly step: 'sent' | 'delivered' | 'failed' | 'dropped';
    readonly at: string;
    readonly detail?: string;
  }[];
}

/** One of one's calls. `ring`, of an incoming one: where it rang, and in a sentence why it did or did not. */
export interface CallDetails {
  readonly call: CallRecord;
  readonly ring?: {
    readonly outcome: string;
    readonly explanation: string;
    readonly devices: readonly RingDevice[];
  };
}
