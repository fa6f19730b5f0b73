/** A message's key: letters, digits, dot, dash and underscore. @example messageId('receive', 'call:end') → receive.call_end */
export function messageId(action: 'receive' | 'send' | 'ack', event?: string): string {
  return event === undefined ? action : `${action}.${event.replace(/[^\w.-]/g, '_')}`;
}
