import { type Connection, type Model, Schema } from 'mongoose';

export const AUDIT_ACTIONS = [
  'account.registered',
  'account.updated',
  'account.deleted',
  'account.banned',
  'account.unbanned',
  'account.role_changed',
  'account.seeded',
  'login.succeeded',
  'login.failed',
  'login.refused',
  'login.limited',
  'password.changed',
  'password.refused',
  'session.logged_out',
  'session.revoked',
  'session.reused',
  'sessions.revoked_all',
  'invitation.created',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One security event: who did what, to whom, from where. Holds no password, token, code or name. */
export interface AuditDoc {
  readonly at: Date;
  /** The store removes it then, so that the log stays bounded. */
  readonly expiresAt: Date;
  readonly action: AuditAction;
  /** Absent when nobody was authenticated. */
  readonly actorId?: number;
  readonly subjectId?: number;
  readonly sessionId?: string;
  readonly ip?: string;
  readonly userAgent?: string;
  /** A stable machine word: the reason of a refusal, the new role. */
  readonly detail?: string;
}

export type Audits = Model<AuditDoc>;

const schema = new Schema<AuditDoc>(
  {
    at: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    action: { type: String, required: true, enum: AUDIT_ACTIONS },
    actorId: Number,
    subjectId: Number,
    sessionId: String,
    ip: String,
    userAgent: String,
    detail: String,
  },
  { versionKey: false, autoIndex: false, autoCreate: false },
);
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
schema.index({ subjectId: 1, at: -1 });

export function auditModel(connection: Connection): Audits {
  return connection.model<AuditDoc>('Audit', schema, 'audit');
}
