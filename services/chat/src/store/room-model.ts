import type { BusEvent, RoomKind } from '@switchboard/protocol';
import { outboxField, outboxIndex } from '@switchboard/service-kit';
import { type Connection, type Model, Schema } from 'mongoose';

/** A room as stored. A deleted one stays for the record, with its name free for others and nothing to find it by. */
export interface RoomDoc {
  _id: number;
  name: string;
  /** The name, while no other active room with this field may have the same: rooms of the vocabulary whose names are unique. */
  uniqueName?: string;
  /** See name-grams.ts. */
  grams?: string[];
  /** The name as searches compare it. */
  nameText?: string;
  description: string;
  kind: RoomKind;
  /** As the creator was called then; readers see the current name while the directory answers. */
  creator: { id: string; username: string; name: string };
  createdAt: Date;
  active: boolean;
  deletedAt?: Date;
  /** Counts up with every change; each is decided from what was read before. */
  version: number;
  /** `chat.room.*` events that are not yet published. */
  outbox: readonly BusEvent[];
}

export type RoomModel = Model<RoomDoc>;

const schema = new Schema<RoomDoc>(
  {
    _id: { type: Number, required: true },
    name: { type: String, required: true },
    uniqueName: String,
    grams: { type: [String], default: undefined },
    nameText: String,
    // Mongoose takes an empty text for a missing one.
    description: { type: String, default: '' },
    kind: { type: String, required: true },
    creator: {
      type: new Schema({ id: String, username: String, name: String }, { _id: false }),
      required: true,
    },
    createdAt: { type: Date, required: true },
    active: { type: Boolean, required: true },
    deletedAt: Date,
    version: { type: Number, required: true },
    outbox: outboxField,
  },
  { collection: 'rooms', versionKey: false, autoIndex: false, autoCreate: false, strictQuery: 'throw' },
);

schema.index({ active: 1, _id: 1 }, { name: 'active_id' });
schema.index({ active: 1, kind: 1, _id: 1 }, { name: 'active_kind_id' });
schema.index({ grams: 1, _id: 1 }, { name: 'grams_id' });
schema.index(
  { uniqueName: 1 },
  { unique: true, name: 'unique_name', partialFilterExpression: { uniqueName: { $exists: true } } },
);
schema.index(...outboxIndex);

export function roomModel(connection: Connection): RoomModel {
  return connection.model<RoomDoc>('Room', schema);
}
