import { describe, expect, it } from 'vitest';
import { CallStats, readStats, type StatsSample } from './call-stats.ts';

/** As Chromium reports a call with sound and picture. */
const CHROMIUM = [
  { id: 'T01', type: 'transport', selectedCandidatePairId: 'CP1' },
  {
    id: 'CP1',
    type: 'candidate-pair',
    state: 'succeeded',
    nominated: true,
    localCandidateId: 'L1',
    remoteCandidateId: 'R1',
    totalRoundTripTime: 0.5,
    responsesReceived: 10,
    currentRoundTripTime: 0.04,
  },
  { id: 'CP2', type: 'candidate-pair', state: 'waiting', nominated: false },
  { id: 'L1', type: 'local-candidate', candidateType: 'host' },
  { id: 'R1', type: 'remote-candidate', candidateType: 'srflx' },
  { id: 'C1', type: 'codec', mimeType: 'audio/opus' },
  { id: 'C2', type: 'codec', mimeType: 'video/VP8' },
  {
    id: 'I1',
    type: 'inbound-rtp',
    kind: 'audio',
    packetsReceived: 990,
    packetsLost: 10,
    jitter: 0.004,
    codecId: 'C1',
  },
  {
    id: 'I2',
    type: 'inbound-rtp',
    kind: 'video',
    packetsReceived: 500,
    packetsLost: 500,
    jitter: 0.1,
    codecId: 'C2',
  },
  { id: 'O1', type: 'outbound-rtp', kind: 'audio', packetsSent: 1000, codecId: 'C1' },
];
/** As Firefox does: it marks the pair itself. */
const FIREFOX = [
  { id: 'a', type: 'candidate-pair', selected: true, localCandidateId: 'b', remoteCandidateId: 'c' },
  { id: 'b', type: 'local-candidate', candidateType: 'relay' },
  { id: 'c', type: 'remote-candidate', candidateType: 'host' },
  { id: 'd', type: 'inbound-rtp', kind: 'video', packetsReceived: 75, packetsLost: 25, jitter: 0.02 },
];

describe('the statistics of a connection', () => {
  it('are read from what browsers report', () => {
    expect(readStats(CHROMIUM)).toEqual({
      received: 990,
      lost: 10,
      jitter: 0.004,
      roundTrips: { total: 0.5, count: 10 },
      path: 'direct',
      codecs: ['audio/opus', 'video/VP8'],
    });
    expect(readStats(FIREFOX)).toMatchObject({ received: 75, lost: 25, path: 'relay', codecs: [] });
  });

  it('are nothing where nothing is reported, whatever stands there instead', () => {
    const nothing = { received: 0, lost: 0, jitter: undefined, path: undefined, codecs: [] };
    expect(readStats([])).toMatchObject(nothing);
    expect(
      readStats([
        { type: 'inbound-rtp', kind: 'audio', packetsReceived: '7', packetsLost: Number.NaN, jitter: null },
        { type: 'codec' },
        {},
      ]),
    ).toMatchObject(nothing);
    // Duplicates may make more arrive than were sent.
    expect(
      readStats([{ type: 'inbound-rtp', kind: 'audio', packetsReceived: 7, packetsLost: -2 }]).lost,
    ).toBe(0);
  });
});

describe('the summary of a call', () => {
  const sample = (more: Partial<StatsSample> = {}): StatsSample => ({ ...readStats(CHROMIUM), ...more });

  it('is the last counts, the mean of what was of the moment, and the way it went', () => {
    const stats = new CallStats();
    stats.add(sample({ received: 10, lost: 0, jitter: 0.002, roundTrips: { total: 0.1, count: 1 } }));
    stats.add(sample());
    expect(stats.summary(812.4)).toEqual({
      roundTripMs: 50,
      jitterMs: 3,
      loss: 0.01,
      path: 'direct',
      setupMs: 812,
      codecs: ['audio/opus', 'video/VP8'],
    });
  });

  it('adds up the connections that the call had', () => {
    const stats = new CallStats();
    stats.add(sample({ received: 90, lost: 10 }));
    stats.renew();
    stats.add(sample({ received: 100, lost: 0, roundTrips: { total: 1.5, count: 10 }, path: 'relay' }));
    expect(stats.summary()).toMatchObject({ loss: 0.05, roundTripMs: 100, path: 'relay' });
  });

  it('does not forget when the connection does', () => {
    const stats = new CallStats();
    stats.add(sample());
    stats.add(readStats([{ id: 'x', type: 'certificate' }]));
    expect(stats.summary()).toMatchObject({ loss: 0.01, roundTripMs: 50, path: 'direct' });
  });

  it('of nothing is none', () => {
    const stats = new CallStats();
    expect(stats.summary()).toBeUndefined();
    stats.add(readStats([]));
    expect(stats.summary()).toBeUndefined();
  });
});
