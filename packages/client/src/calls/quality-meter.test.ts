import { describe, expect, it } from 'vitest';
import { SwitchboardError } from '../errors.ts';
import { until } from '../testing/until.ts';
import type { CallQuality } from './call-record.ts';
import type { StatsSource } from './call-stats.ts';
import { QualityMeter, type QualityMeterParts } from './quality-meter.ts';

class Connection extends EventTarget implements StatsSource {
  connectionState = 'new';
  asked = 0;
  closed = false;
  packets = { packetsReceived: 0, packetsLost: 0 };

  async getStats() {
    this.asked += 1;
    if (this.closed) throw new Error('closed');
    const stats = { type: 'inbound-rtp', kind: 'audio', jitter: 0.003, ...this.packets };
    return new Map([['a', stats]]);
  }

  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

function meter(more: Partial<QualityMeterParts> = {}) {
  const reports: CallQuality[] = [];
  const clock = { now: 1_000 };
  const made = new QualityMeter('call', {
    report: async (_id, quality) => reports.push(quality),
    now: () => clock.now,
    firstMs: 5,
    everyMs: 5,
    againMs: [1, 1],
    ...more,
  });
  return { made, reports, clock };
}

describe('the quality of a call', () => {
  it('is measured while it lasts and reported when it is over', async () => {
    const { made, reports, clock } = meter();
    const connection = new Connection();
    made.follow(connection);
    made.activated();
    clock.now += 640;
    connection.become('connected');
    clock.now += 60_000;
    connection.become('disconnected');
    connection.become('connected');
    await until('it is measured', () => connection.asked >= 2);
    connection.packets = { packetsReceived: 980, packetsLost: 20 };
    await made.ended('hangup');
    expect(reports).toEqual([{ jitterMs: 3, loss: 0.02, setupMs: 640 }]);
    await made.ended('hangup');
    expect(reports).toHaveLength(1);
  });

  it('is what was last known where the connection is closed first', async () => {
    const { made, reports } = meter();
    const connection = new Connection();
    connection.packets = { packetsReceived: 90, packetsLost: 10 };
    made.activated();
    made.follow(connection);
    await until('it is measured', () => connection.asked >= 2);
    connection.closed = true;
    await made.ended('network_error');
    expect(reports).toMatchObject([{ loss: 0.1 }]);
  });

  it('goes on with the connection that takes the place of another', async () => {
    const { made, reports } = meter();
    const [first, second] = [new Connection(), new Connection()];
    made.activated();
    first.packets = { packetsReceived: 50, packetsLost: 50 };
    made.follow(first);
    await until('it is measured', () => first.asked >= 2);
    second.packets = { packetsReceived: 100, packetsLost: 0 };
    made.follow(second);
    await made.ended('hangup');
    expect(reports).toMatchObject([{ loss: 0.25 }]);
  });

  it.each(['moved', 'answered_elsewhere'] as const)('is another device’s to report: %s', async (reason) => {
    const { made, reports } = meter();
    const connection = new Connection();
    connection.packets = { packetsReceived: 50, packetsLost: 50 };
    made.activated();
    made.follow(connection);
    await made.ended(reason);
    expect(reports).toEqual([]);
  });

  it('is none of a call that nobody answered, or of which nothing is known', async () => {
    const ringing = meter();
    const connection = new Connection();
    connection.packets = { packetsReceived: 50, packetsLost: 50 };
    ringing.made.follow(connection);
    await ringing.made.ended('timeout');
    const silent = meter();
    silent.made.activated();
    await silent.made.ended('hangup');
    expect([...ringing.reports, ...silent.reports]).toEqual([]);
  });

  it('is reported again until the record of the call is there, and given up quietly', async () => {
    let refusals = 0;
    const refuse = (code: 'CALL_NOT_FOUND' | 'UNAUTHORIZED') => async () => {
      refusals += 1;
      throw new SwitchboardError({ code, message: 'no' });
    };
    for (const [code, attempts] of [
      ['CALL_NOT_FOUND', 3],
      ['UNAUTHORIZED', 1],
    ] as const) {
      refusals = 0;
      const { made } = meter({ report: refuse(code) });
      const connection = new Connection();
      connection.packets = { packetsReceived: 50, packetsLost: 50 };
      made.activated();
      made.follow(connection);
      await made.ended('hangup');
      expect([code, refusals]).toEqual([code, attempts]);
    }
  });
});
