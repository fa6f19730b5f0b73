import { randomUUID } from 'node:crypto';
import type { PushContent, PushKind } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import { type Connection, type Model, type mongo, Schema } from 'mongoose';

/** A push that its service took, and can be asked about. */
export interface PushReceipt {
  readonly ticketId: string;
  readonly deviceId: string;
  readonly kind: PushKind;
  readonly sessionId: string;
  readonly userId: string;
  readonly content: PushContent;
}

interface PushReceiptDoc extends Omit<PushReceipt, 'ticketId'> {
  _id: string;
  createdAt: Date;
  /** When to ask; while somebody asks, the end of the lease. */
  dueAt: Date;
  lease?: string;
}

export type ClaimedReceipt = PushReceipt & { readonly createdAt: Date };

export interface PushReceiptStore {
  /** Again, harmless. */
  add(receipts: readonly PushReceipt[]): Promise<void>;
  /** Takes those that are due into hand; other workers get none of them before the lease ends. */
  claim(now: number, leaseMs: number, limit: number): Promise<ClaimedReceipt[]>;
  /** Asked and told. */
  remove(ticketIds: readonly string[]): Promise<void>;
  /** Not known yet. */
  postpone(ticketIds: readonly string[], until: number): Promise<void>;
}

export type PushReceiptModel = Model<PushReceiptDoc>;

/** Services keep them for about a day. */
const KEPT_SECONDS = 26 * 3_600;

const schema = new Schema<PushReceiptDoc>(
  {
    _id: { type: String, required: true },
    deviceId: { type: String, required: true },
    kind: { type: String, required: true },
    sessionId: { type: String, required: true },
    userId: { type: String, required: true },
    content: { type: Schema.Types.Mixed, required: true },
    createdAt: { type: Date, required: true },
    dueAt: { type: Date, required: true },
    lease: String,
  },
  {
    collection: 'push_receipts',
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    strictQuery: 'throw',
  },
);
schema.index({ dueAt: 1 }, { name: 'due' });
schema.index({ createdAt: 1 }, { name: 'created', expireAfterSeconds: KEPT_SECONDS });

export function pushReceiptModel(connection: Connection): PushReceiptModel {
  return connection.model<PushReceiptDoc>('PushReceipt', schema);
}

/** @param delayMs From the push to the first question. */
export function createPushReceiptStore(
  model: PushReceiptModel,
  { delayMs, now }: { readonly delayMs: number; readonly now: () => number },
): PushReceiptStore {
  const receipts = model.collection as unknown as mongo.Collection<PushReceiptDoc>;
  const guarded = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw mongoFault(error);
    });

  return {
    async add(added) {
      if (added.length === 0) return;
      const at = now();
      await guarded(
        receipts.bulkWrite(
          added.map(({ ticketId, ...facts }) => ({
            updateOne: {
              filter: { _id: ticketId },
              update: { $setOnInsert: { ...facts, createdAt: new Date(at), dueAt: new Date(at + delayMs) } },
              upsert: true,
            },
          })),
          { ordered: false },
        ),
      );
    },

    async claim(at, leaseMs, limit) {
      const due = { dueAt: { $lte: new Date(at) } };
      const found = await guarded(
        receipts.find(due, { projection: { _id: 1 }, sort: { dueAt: 1 }, limit }).toArray(),
      );
      if (found.length === 0) return [];
      const lease = randomUUID();
      const wanted = { _id: { $in: found.map(({ _id }) => _id) } };
      await guarded(
        receipts.updateMany({ ...wanted, ...due }, { $set: { lease, dueAt: new Date(at + leaseMs) } }),
      );
      const taken = await guarded(receipts.find({ ...wanted, lease }).toArray());
      return taken.map(({ _id, dueAt: _dueAt, lease: _lease, ...facts }) => ({ ticketId: _id, ...facts }));
    },

    async remove(ticketIds) {
      if (ticketIds.length > 0) await guarded(receipts.deleteMany({ _id: { $in: [...ticketIds] } }));
    },

    async postpone(ticketIds, until) {
      if (ticketIds.length === 0) return;
      await guarded(
        receipts.updateMany(
          { _id: { $in: [...ticketIds] } },
          { $set: { dueAt: new Date(until) }, $unset: { lease: 1 } },
        ),
      );
    },
  };
}
