import type { PushContent } from '@switchboard/protocol';

/** What a push asks of this device's notifications. */
export interface Notice {
  /** Notifications of this tag go first: a call or a conversation has one at a time. */
  readonly tag: string;
  readonly show?: {
    readonly title: string;
    readonly body: string;
    /** Stays until it is answered or taken away. */
    readonly lasting: boolean;
    /** Where a click leads, relative to the client's own address. */
    readonly path: string;
  };
  /** When it is to be taken away by itself, epoch ms. */
  readonly until?: number;
  /** Unread in all, for the app's icon. */
  readonly badge?: number;
}

const attachments = { text: 'New message', image: 'Sent an image', file: 'Sent a file' } as const;

/** Says a push in a person's words. */
export function noticeOf(content: PushContent): Notice {
  switch (content.type) {
    case 'call.incoming':
      return {
        tag: `call:${content.callId}`,
        show: {
          title: content.from.name,
          body: content.kind === 'video' ? 'Video call' : 'Call',
          lasting: true,
          path: `?call=${content.callId}`,
        },
        until: Date.parse(content.expiresAt),
      };
    case 'call.cancelled':
      return { tag: `call:${content.callId}` };
    case 'call.missed':
      return {
        tag: `call:${content.callId}`,
        show: {
          title: content.from.name,
          body: content.kind === 'video' ? 'Missed video call' : 'Missed call',
          lasting: false,
          path: `?with=${content.from.id}`,
        },
        ...(content.badge === undefined ? {} : { badge: content.badge }),
      };
    case 'message':
      return {
        tag: `chat:${content.conversationId}`,
        show: {
          title: content.unread > 1 ? `${content.from.name} (${content.unread})` : content.from.name,
          body: content.preview ?? attachments[content.contentType],
          lasting: false,
          path: `?with=${content.from.id}`,
        },
        badge: content.badge,
      };
    case 'conversation.read':
      return { tag: `chat:${content.conversationId}`, badge: content.badge };
  }
}
