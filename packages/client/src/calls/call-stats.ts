import type { CallQuality } from './call-record.ts';

/** The part of `RTCPeerConnection` that is measured here; implementations for Node and React Native fit as well. */
export interface StatsSource {
  readonly connectionState: string;
  getStats(): Promise<{ forEach(each: (stats: object) => void): void }>;
  addEventListener(type: string, listener: (event: object) => void): void;
  removeEventListener(type: string, listener: (event: object) => void): void;
}

/** What one `getStats` says of a connection; counts are since it was made. */
export interface StatsSample {
  readonly received: number;
  readonly lost: number;
  /** Seconds; of the moment. */
  readonly jitter: number | undefined;
  /** Seconds over all measurements, and how many they were. */
  readonly roundTrips: { readonly total: number; readonly count: number };
  readonly path: CallQuality['path'];
  readonly codecs: readonly string[];
}

type Stats = Readonly<Record<string, unknown>> & { readonly type?: unknown; readonly id?: unknown };

const MAX_CODECS = 16;

/** Reads what `getStats` reports, as the W3C names it (webrtc-stats). Browsers leave out this or that. */
export function readStats(reports: Iterable<object>): StatsSample {
  const all = [...reports] as Stats[];
  const byId = new Map(all.map((stats) => [stats.id, stats]));
  const of = (type: string) => all.filter((stats) => stats.type === type);
  const incoming = of('inbound-rtp');
  // What people hear decides; a call without sound is judged by its picture.
  const heard = incoming.filter(({ kind }) => kind === 'audio');
  const judged = heard.length > 0 ? heard : incoming;
  const jitters = judged.map(({ jitter }) => number(jitter)).filter((jitter) => jitter !== undefined);

  const chosen = of('transport').map(({ selectedCandidatePairId }) => byId.get(selectedCandidatePairId));
  const pair =
    chosen.find((one) => one !== undefined) ??
    of('candidate-pair').find(
      ({ selected, nominated, state }) => selected === true || (nominated === true && state === 'succeeded'),
    );
  const ends = [byId.get(pair?.localCandidateId), byId.get(pair?.remoteCandidateId)];
  const relayed = ends.some((candidate) => candidate?.candidateType === 'relay');
  const codecs = [...incoming, ...of('outbound-rtp')].flatMap(({ codecId }) => {
    const mime = byId.get(codecId)?.mimeType;
    return typeof mime === 'string' ? [mime.slice(0, 64)] : [];
  });
  return {
    received: sum(judged.map(({ packetsReceived }) => packetsReceived)),
    lost: Math.max(0, sum(judged.map(({ packetsLost }) => packetsLost))),
    jitter: jitters.length === 0 ? undefined : sum(jitters) / jitters.length,
    roundTrips: {
      total: number(pair?.totalRoundTripTime) ?? 0,
      count: number(pair?.responsesReceived) ?? 0,
    },
    path: pair && ends.some((candidate) => candidate) ? (relayed ? 'relay' : 'direct') : undefined,
    codecs: [...new Set(codecs)].slice(0, MAX_CODECS),
  };
}

/** Adds samples of one call up, over all of its connections. */
export class CallStats {
  /** Of connections that were replaced. */
  #before = { received: 0, lost: 0, total: 0, count: 0 };
  #last: StatsSample | undefined;
  #jitter = { total: 0, count: 0 };
  #path: CallQuality['path'];
  readonly #codecs = new Set<string>();

  add(sample: StatsSample): void {
    // A connection that is closed knows less than it knew.
    const { received, lost, roundTrips } = this.#last ?? { received: 0, lost: 0, roundTrips: { count: 0 } };
    if (sample.received + sample.lost < received + lost || sample.roundTrips.count < roundTrips.count) return;
    this.#last = sample;
    if (sample.jitter !== undefined && sample.received > 0) {
      this.#jitter.total += sample.jitter;
      this.#jitter.count += 1;
    }
    if (sample.path !== undefined) this.#path = sample.path;
    for (const codec of sample.codecs) if (this.#codecs.size < MAX_CODECS) this.#codecs.add(codec);
  }

  /** The next samples are another connection's, which counts from zero. */
  renew(): void {
    const { received, lost, total, count } = this.#sums();
    this.#before = { received, lost, total, count };
    this.#last = undefined;
  }

  /** Undefined when nothing was measured. */
  summary(setupMs?: number): CallQuality | undefined {
    const { received, lost, total, count } = this.#sums();
    const quality: CallQuality = {
      ...(count > 0 ? { roundTripMs: tenths((total / count) * 1000) } : {}),
      ...(this.#jitter.count > 0
        ? { jitterMs: tenths((this.#jitter.total / this.#jitter.count) * 1000) }
        : {}),
      ...(received + lost > 0 ? { loss: Math.round((lost / (received + lost)) * 1e5) / 1e5 } : {}),
      ...(this.#path === undefined ? {} : { path: this.#path }),
      ...(setupMs === undefined ? {} : { setupMs: Math.round(Math.min(600_000, Math.max(0, setupMs))) }),
      ...(this.#codecs.size > 0 ? { codecs: [...this.#codecs] } : {}),
    };
    return Object.keys(quality).length === 0 ? undefined : quality;
  }

  #sums() {
    const { received, lost, total, count } = this.#before;
    const last = this.#last;
    return {
      received: received + (last?.received ?? 0),
      lost: lost + (last?.lost ?? 0),
      total: total + (last?.roundTrips.total ?? 0),
      count: count + (last?.roundTrips.count ?? 0),
    };
  }
}

/** As the server takes it. */
function tenths(ms: number): number {
  return Math.min(60_000, Math.max(0, Math.round(ms * 10) / 10));
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + (number(value) ?? 0), 0);
}
