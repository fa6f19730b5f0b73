import { PushContent } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { noticeOf } from './notice-of.ts';

const from = { id: '2', username: 'bob', name: 'Bob Smith' };
const callId = '0197a7d0-0000-7000-8000-000000000001';
const conversationId = 'd:1:2';
const content = (fields: object) => noticeOf(PushContent.parse(fields));

const incoming = {
  type: 'call.incoming',
  callId,
  kind: 'video',
  media: 'p2p',
  from,
  expiresAt: '2026-01-01T00:00:30.000Z',
};
const message = {
  type: 'message',
  conversationId,
  messageId: '0197a7d0-0000-7000-8000-000000000002',
  seq: 3,
  from,
  contentType: 'text',
  preview: 'See you at ten',
  unread: 1,
  badge: 4,
};

describe('calls', () => {
  it('rings until it is answered, and no longer than the call does', () => {
    expect(content(incoming)).toEqual({
      tag: `call:${callId}`,
      show: { title: 'Bob Smith', body: 'Video call', lasting: true, path: `?call=${callId}` },
      until: Date.parse('2026-01-01T00:00:30.000Z'),
    });
  });

  it.each(['answered_elsewhere', 'rejected_elsewhere', 'cancelled', 'ended'])(
    'falls silent when %s',
    (reason) => {
      expect(content({ type: 'call.cancelled', callId, reason })).toEqual({ tag: `call:${callId}` });
    },
  );

  it('says who was missed in the place of the ring', () => {
    const missed = content({
      type: 'call.missed',
      callId,
      kind: 'voice',
      from,
      at: '2026-01-01T00:00:00.000Z',
      badge: 5,
    });
    expect(missed).toEqual({
      tag: `call:${callId}`,
      show: { title: 'Bob Smith', body: 'Missed call', lasting: false, path: '?with=2' },
      badge: 5,
    });
  });
});

describe('messages', () => {
  it('shows the newest of a conversation and counts all that are unread', () => {
    expect(content(message)).toEqual({
      tag: 'chat:d:1:2',
      show: { title: 'Bob Smith', body: 'See you at ten', lasting: false, path: '?with=2' },
      badge: 4,
    });
    expect(content({ ...message, unread: 3 }).show?.title).toBe('Bob Smith (3)');
  });

  it('names what it is where the text is not to be shown', () => {
    const { preview: _, ...without } = message;
    expect(content(without).show?.body).toBe('New message');
    expect(content({ ...without, contentType: 'image' }).show?.body).toBe('Sent an image');
  });

  it('takes the notification away when it was read elsewhere', () => {
    const read = content({ type: 'conversation.read', conversationId, upToSeq: 3, badge: 0 });
    expect(read).toEqual({ tag: 'chat:d:1:2', badge: 0 });
  });
});
