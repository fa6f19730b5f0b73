import type { RestOperation } from '@switchboard/dialects';
import type { DialectName } from '@switchboard/protocol';

/** What the OpenAPI document says of a route: an operation of a dialect, or one for operators and readers, which belongs to none. */
export interface Operation extends Omit<RestOperation, 'dialect'> {
  readonly dialect: DialectName | null;
}
