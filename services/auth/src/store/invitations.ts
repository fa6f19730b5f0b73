import { type Connection, type Model, Schema } from 'mongoose';

/**
 * Permission to make one account. Whether it is used is not written here but read from the account that carries its id
 * (`users.invitationId`, unique): account and consumption are one write, so neither exists without the other.
 */
export interface InvitationDoc {
  readonly _id: string;
  readonly code: string;
  readonly createdBy: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export type Invitations = Model<InvitationDoc>;

/** Lapsed invitations stay in the administrators' list this long. */
const KEPT_SECONDS = 90 * 24 * 3600;

const schema = new Schema<InvitationDoc>(
  {
    _id: { type: String, required: true },
    code: { type: String, required: true },
    createdBy: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
  },
  { versionKey: false, autoIndex: false, autoCreate: false },
);
schema.index({ code: 1 }, { unique: true });
schema.index({ createdAt: -1 });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });

export function invitationModel(connection: Connection): Invitations {
  return connection.model<InvitationDoc>('Invitation', schema, 'invitations');
}
