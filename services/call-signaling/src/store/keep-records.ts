import type { Bus } from '@switchboard/ports';
import { followEvents, type Owner } from '@switchboard/service-kit';
import { createRingLedger, type RingLedger, type RingLedgerParts } from '../ledger/ring-ledger.ts';
import { type CallHistory, type CallHistoryParts, createCallHistory } from './call-history.ts';

/** What is kept of calls: how each went, and whom it rang. */
export interface CallRecords {
  readonly history: CallHistory;
  readonly ledger: RingLedger;
}

/** An event that finds something broken is worth a few minutes: without it a record is not whole. */
const MAX_DELIVER = 20;

/** Both are written by one durable consumer, `call-records`, from when both are there until the owner closes, before either goes. */
export async function keepRecords(
  parts: CallHistoryParts & RingLedgerParts & { readonly bus: Bus },
  owner: Owner,
): Promise<CallRecords> {
  const history = owner.own(await createCallHistory(parts));
  const ledger = await createRingLedger(parts);
  const options = { durable: 'call-records', maxDeliver: MAX_DELIVER };
  owner.own(await followEvents(parts.bus, options, [history, ledger]));
  return { history, ledger };
}
