import type { ContentType, PushContent } from '@switchboard/protocol';

/** What a notification says when nothing on the device says it better; absent for what is not shown. */
export interface Presentation {
  readonly title: string;
  readonly body: string;
}

/** Platforms cut what is longer; a push service may refuse it. */
const MAX_TITLE = 80;

const WITHOUT_TEXT: Record<ContentType, string> = {
  text: 'New message',
  image: 'Sent a picture',
  file: 'Sent a file',
};

export function presentationOf(content: PushContent): Presentation | undefined {
  switch (content.type) {
    case 'call.incoming':
      return { title: cut(content.from.name), body: `Incoming ${content.kind} call` };
    case 'call.missed':
      return { title: cut(content.from.name), body: `Missed ${content.kind} call` };
    case 'message':
      return {
        title: cut(content.from.name),
        body: content.preview ?? WITHOUT_TEXT[content.contentType],
      };
    default:
      return undefined;
  }
}

const cut = (text: string): string => (text.length > MAX_TITLE ? `${text.slice(0, MAX_TITLE - 1)}…` : text);
