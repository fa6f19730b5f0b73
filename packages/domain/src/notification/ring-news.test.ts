import { type CallEndReason, CallEndReason as Reasons, UserId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { newsOfAnswer, newsOfDecline, newsOfEnd, type RingNews, type RungCallee } from '../index.ts';

const BOB = UserId.parse('2');
const CAROL = UserId.parse('3');
const callee = (more: Partial<RungCallee> = {}): RungCallee => ({
  userId: BOB,
  rang: true,
  declined: false,
  ...more,
});
const said = (news: RingNews): string => (news.news === 'cancelled' ? news.reason : news.news);

describe('what a ring’s end means for push devices', () => {
  it('answered: whoever rang stops, nobody missed it', () => {
    expect(said(newsOfAnswer(callee()))).toBe('answered_elsewhere');
    expect(said(newsOfAnswer(callee({ declined: true })))).toBe('nothing');
    expect(said(newsOfAnswer(callee({ rang: false })))).toBe('nothing');
  });

  it.each([
    ['rejected', 'rejected_elsewhere'],
    ['busy', 'rejected_elsewhere'],
    ['unavailable', 'ended'],
  ] as const)('declined, %s: %s', (reason, expected) => {
    expect(said(newsOfDecline(reason))).toBe(expected);
  });

  const TABLE: Record<CallEndReason, { saidNo: string; hadSaidNo: string; rang: string; away: string }> = {
    missed: { saidNo: 'missed', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    cancelled: { saidNo: 'missed', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    network_error: { saidNo: 'missed', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    hangup: { saidNo: 'missed', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    rejected: { saidNo: 'rejected_elsewhere', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    busy: { saidNo: 'rejected_elsewhere', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    unavailable: { saidNo: 'ended', hadSaidNo: 'nothing', rang: 'missed', away: 'missed' },
    banned: { saidNo: 'ended', hadSaidNo: 'nothing', rang: 'ended', away: 'ended' },
  };
  it.each(Reasons.options)('ended while it rang, %s', (reason) => {
    const row = TABLE[reason];
    expect(said(newsOfEnd(callee(), reason, BOB))).toBe(row.saidNo);
    expect(said(newsOfEnd(callee({ declined: true }), reason, CAROL))).toBe(row.hadSaidNo);
    expect(said(newsOfEnd(callee(), reason, CAROL))).toBe(row.rang);
    expect(said(newsOfEnd(callee(), reason, undefined))).toBe(row.rang);
    expect(said(newsOfEnd(callee({ rang: false }), reason, undefined))).toBe(row.away);
  });
});
