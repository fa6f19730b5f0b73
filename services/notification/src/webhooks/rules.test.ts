import { webhookHears } from '@switchboard/dialects';
import { BusEvent } from '@switchboard/protocol';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { eventPayload } from './payload.ts';
import { GIVE_UP_MS, pauseAfter, retryAfter } from './retry-schedule.ts';
import { newSecret, ROTATION_MS, rotated, signedHeaders, signing } from './signature.ts';

describe('which events a webhook hears of', () => {
  it.each([
    [['*'], 'call.ended', true],
    [['call.*'], 'call.ended', true],
    [['call.*'], 'chat.message.created', false],
    [['call.*'], 'callback.x', false],
    [['chat.message.*'], 'chat.message.read', true],
    [['chat.message.*'], 'chat.room.created', false],
    [['call.ended'], 'call.ended', true],
    [['call.ended'], 'call.endedx', false],
    [['auth.*', 'call.ended'], 'call.ended', true],
    [[], 'call.ended', false],
  ])('%j, %s: %s', (filters, type, hears) => {
    expect(webhookHears(filters, type)).toBe(hears);
  });
});

describe('the pauses between tries', () => {
  it('are those of the specification, over about a day', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempts) => pauseAfter(attempts, 0, () => 0));
    expect(pauses.map((ms) => Number(ms) / 60_000)).toEqual([5 / 60, 5, 30, 120, 300, 600, 600]);
    expect(pauseAfter(8)).toBeUndefined();
    const longest = [1, 2, 3, 4, 5, 6, 7].reduce((sum, n) => sum + Number(pauseAfter(n, 0, () => 1)), 0);
    expect(longest).toBeLessThan(GIVE_UP_MS);
    expect(longest).toBeGreaterThan(24 * 3_600_000);
  });

  it('are longer when the endpoint asks for it, never shorter, and never without end', () => {
    expect(pauseAfter(1, 60_000, () => 0)).toBe(60_000);
    expect(pauseAfter(2, 1_000, () => 0)).toBe(300_000);
    expect(pauseAfter(1, 1e12, () => 0)).toBe(24 * 3_600_000);
  });

  it.each([
    [undefined, 0],
    ['7', 7_000],
    ['Thu, 01 Jan 1970 00:00:09 GMT', 8_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', 0],
    ['-1', 0],
  ])('Retry-After %s asks for %i ms', (header, ms) => {
    expect(retryAfter(header, 1_000)).toBe(ms);
  });
});

describe('signatures', () => {
  const now = Date.now();
  const body = '{"type":"call.ended"}';

  it('are those of Standard Webhooks, one for each secret that is good', () => {
    const first = [{ secret: newSecret() }];
    const second = rotated(first, now);
    const headers = signedHeaders(second, { id: 'e1', body, now });
    expect(second).toHaveLength(2);
    for (const { secret } of second) {
      expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'call.ended' });
    }
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
    expect(() => new Webhook(second[0]?.secret ?? '').verify(`${body} `, headers)).toThrow();
  });

  it('are made by a former secret for a day, and by three secrets at most', () => {
    const first: ReturnType<typeof rotated> = [{ secret: newSecret() }];
    const second = rotated(first, now);
    expect(signing(second, now + ROTATION_MS - 1)).toHaveLength(2);
    expect(signing(second, now + ROTATION_MS)).toEqual([second[0]]);
    const many = [1, 2, 3, 4].reduce((secrets) => rotated(secrets, now), first);
    expect(many).toHaveLength(3);
    expect(many.filter(({ until }) => until === undefined)).toHaveLength(1);
  });

  it('take secrets of 256 bits, each another', () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret()).not.toBe(newSecret());
  });
});

describe('what is sent', () => {
  const event = BusEvent.parse({
    v: 1,
    id: '0198a1de-0000-7000-8000-0000000000e1',
    at: '2025-09-25T10:30:00.000Z',
    type: 'chat.message.created',
    message: {
      id: '0198a1de-0000-7000-8000-0000000000aa',
      conversationId: 'd:1:2',
      seq: 1,
      sender: { id: '1', username: 'alice', name: 'Alice' },
      receiverId: '2',
      content: 'between us',
      contentType: 'text',
      createdAt: '2025-09-25T10:30:00.000Z',
      readBy: [],
    },
  });

  it('is type, timestamp and data, the text only where it is wanted', () => {
    const full = JSON.parse(eventPayload(event, { messageText: true }));
    expect(full).toMatchObject({
      type: 'chat.message.created',
      timestamp: '2025-09-25T10:30:00.000Z',
      data: { message: { seq: 1, content: 'between us' } },
    });
    expect(Object.keys(full)).toEqual(['type', 'timestamp', 'data']);
    const without = eventPayload(event, { messageText: false });
    expect(without).not.toContain('between us');
    expect(JSON.parse(without).data.message).toMatchObject({ seq: 1, contentType: 'text' });
  });
});
