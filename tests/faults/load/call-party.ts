import type { Account } from './accounts.ts';
import { NativeClient } from './native-client.ts';
import type { Fate, PlannedCall } from './planned-call.ts';
import type { Answer } from './reconnecting-socket.ts';
import type { RunLog } from './run-log.ts';

export interface CallPartyOptions {
  readonly url: string;
  readonly who: number;
  readonly account: Account;
  readonly log: RunLog;
  /** The calls of the run, by id. */
  readonly calls: ReadonlyMap<string, PlannedCall>;
}

interface ShownCall {
  readonly id: string;
  readonly phase: string;
  readonly endReason?: string;
}

const RETRY_MS = 300;
const MAX_TRACE = 60;
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const ANSWERS: readonly Fate[] = ['live', 'hangup'];

/** One side of calls: answers or refuses as was planned, takes its place again after a lost line, and says what it hears. */
export class CallParty {
  readonly who: number;
  readonly account: Account;
  readonly client: NativeClient;
  readonly #options: CallPartyOptions;
  /** The call it takes part in, while that lives. */
  #current: PlannedCall | undefined;
  #signals = 0;

  constructor(options: CallPartyOptions) {
    const { url, who, account, log } = options;
    this.#options = options;
    this.who = who;
    this.account = account;
    this.client = new NativeClient({
      url,
      who,
      account,
      log,
      conversations: new Map(),
      onEvent: (event, payload) => this.#heard(event, payload),
      restore: () => this.#takeBack(),
    });
  }

  /** Signals of calls that came here. */
  get signals(): number {
    return this.#signals;
  }

  /** Rings the other side; undefined when it was refused, or nobody answers until `giveUpAt`. */
  async place(planned: PlannedCall, callee: Account, giveUpAt: number): Promise<boolean> {
    const { record } = planned;
    this.#current = planned;
    const offer = { type: 'offer', sdp: 'v=0' };
    const payload = { to: { userId: callee.id }, kind: 'voice', offer, callId: record.id };
    const answer = await this.#insist(planned, 'call.place', payload, giveUpAt);
    if (answer.kind === 'ok') {
      const { id } = answer.reply.call as ShownCall;
      if (id === record.id) {
        record.placedAt ??= this.#options.log.now();
        this.#took(answer.reply.call as ShownCall);
        return true;
      }
      record.refused = 'ANOTHER_CALL';
    } else record.refused = answer.kind === 'fail' ? answer.code : 'NO_ANSWER';
    this.#current = undefined;
    this.#options.log.refused(`call.place ${record.refused}`);
    return false;
  }

  /** Asks for the end until it is heard. */
  async end(planned: PlannedCall, giveUpAt: number): Promise<void> {
    const { record } = planned;
    record.endAskedAt ??= this.#options.log.now();
    for (;;) {
      const answer = await this.#insist(planned, 'call.end', { callId: record.id }, giveUpAt);
      const call = answer.kind === 'ok' ? (answer.reply.call as ShownCall | null) : undefined;
      if (call === null || call?.phase === 'ended') return this.#took(call);
      // A new socket may not speak for the one before while that one's node might only be slow: until its lease is over.
      const notYet = call !== undefined || (answer.kind === 'fail' && answer.code === 'PERMISSION_DENIED');
      const there = await this.look(planned);
      // What cannot be learned now is asked again: it may still live.
      const goesOn = there === undefined || (there && notYet);
      if (!goesOn || performance.now() > giveUpAt) return;
      await pass(1_000);
    }
  }

  /** Asks how the call stands. True when this side has its place in it, or it rings here; undefined when that cannot be learned now. */
  async look(planned: PlannedCall): Promise<boolean | undefined> {
    const { record } = planned;
    const answer = await this.#ask(planned, 'call.resume', { callId: record.id });
    if (answer.kind === 'unknown') return undefined;
    if (answer.kind === 'fail') return false;
    const call = answer.reply.call as ShownCall | null;
    if (call === null || call.phase === 'ended') {
      this.#ended(record.id, call?.endReason ?? 'gone');
      return false;
    }
    return true;
  }

  /** The call that this user is said to be in; undefined when it cannot be asked. */
  async claimed(): Promise<string | null | undefined> {
    const answer = await this.client.socket.ask('call.resume', {});
    if (answer.kind !== 'ok') return undefined;
    return (answer.reply.call as ShownCall | null)?.id ?? null;
  }

  /** Whether it went on its way. */
  async signal({ record }: PlannedCall): Promise<boolean> {
    const signal = { kind: 'candidate', payload: { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host' } };
    return (await this.client.socket.ask('call.signal', { callId: record.id, signal })).kind === 'ok';
  }

  close(): Promise<void> {
    return this.client.close();
  }

  #heard(event: string, payload: Record<string, unknown>): void {
    const call = payload.call as ShownCall | undefined;
    const planned = call && this.#options.calls.get(call.id);
    const how = payload.reason ?? payload.state;
    if (planned) this.#note(planned, `hears ${event} ${typeof how === 'string' ? how : ''}`);
    if (event === 'call.signal') this.#signals += 1;
    else if (event === 'call.incoming' && call) void this.#rung(call);
    else if (event === 'call.answered' && call) this.#answered(call.id);
    else if (event === 'call.rejected' && call) {
      this.#ended(call.id, call.endReason ?? REASONS[String(payload.reason)] ?? String(payload.reason));
    } else if (event === 'call.ended' && call && !String(payload.reason).endsWith('_elsewhere')) {
      this.#ended(call.id, call.endReason ?? REASONS[String(payload.reason)] ?? String(payload.reason));
    }
  }

  async #rung({ id }: ShownCall): Promise<void> {
    const planned = this.#options.calls.get(id);
    if (!planned) return;
    const { record, fate } = planned;
    this.#current = planned;
    // It rang, whether or not the caller has heard so yet.
    record.placedAt ??= this.#options.log.now();
    if (planned.handled) return;
    planned.handled = true;
    if (fate === 'reject') {
      record.endAskedAt ??= this.#options.log.now();
      await this.#insist(planned, 'call.reject', { callId: id }, planned.giveUpAt);
    } else if (ANSWERS.includes(fate)) {
      const answer = { type: 'answer', sdp: 'v=0' };
      const taken = await this.#insist(planned, 'call.answer', { callId: id, answer }, planned.giveUpAt);
      if (taken.kind === 'ok') this.#answered(id);
      else if (taken.kind === 'fail') await this.look(planned);
    }
  }

  async #takeBack(): Promise<boolean> {
    const planned = this.#current;
    if (!planned) return true;
    const answer = await this.#ask(planned, 'call.resume', { callId: planned.record.id });
    if (answer.kind === 'unknown') return false;
    const call = answer.kind === 'ok' ? (answer.reply.call as ShownCall | null) : null;
    // Not placed yet is not over; the place itself goes on being tried.
    if (call === null && planned.record.placedAt !== undefined) this.#ended(planned.record.id, 'gone');
    else if (call) this.#took(call);
    return true;
  }

  #took(call: ShownCall | null): void {
    if (call?.phase === 'active') this.#answered(call.id);
    if (call?.phase === 'ended') this.#ended(call.id, call.endReason ?? 'gone');
  }

  #answered(callId: string): void {
    const record = this.#options.calls.get(callId)?.record;
    if (record) record.answeredAt ??= this.#options.log.now();
  }

  #ended(callId: string, reason: string): void {
    const planned = this.#options.calls.get(callId);
    if (!planned) return;
    if (this.#current === planned) this.#current = undefined;
    const { ends } = planned.record;
    if (ends.some((end) => end.who === this.who && end.reason === reason)) return;
    ends.push({ who: this.who, at: this.#options.log.now(), reason });
  }

  async #insist(planned: PlannedCall, event: string, payload: unknown, giveUpAt: number): Promise<Answer> {
    for (;;) {
      await this.client.socket.opened();
      const answer = await this.#ask(planned, event, payload);
      if (answer.kind !== 'unknown' || performance.now() > giveUpAt) return answer;
      await pass(RETRY_MS * (0.5 + Math.random()));
    }
  }

  async #ask(planned: PlannedCall, event: string, payload: unknown): Promise<Answer> {
    const answer = await this.client.socket.ask(event, payload);
    const call = answer.kind === 'ok' ? (answer.reply.call as ShownCall | null) : undefined;
    const said = call ? `${call.phase} ${call.endReason ?? ''}` : call === null ? 'no call' : '';
    this.#note(planned, `${event}: ${answer.kind} ${answer.kind === 'fail' ? answer.code : said}`);
    return answer;
  }

  /** Once for each thing that comes many times in a row. */
  #note({ trace }: PlannedCall, what: string): void {
    const line = `client ${this.who} ${what}`.trimEnd();
    if (trace.at(-1)?.endsWith(line)) return;
    if (trace.length < MAX_TRACE) trace.push(`${(this.#options.log.now() / 1_000).toFixed(1)} s ${line}`);
  }
}

/** The protocol's events name some ends as their hearer knows them; the call, as it is. */
const REASONS: Readonly<Record<string, string>> = { timeout: 'missed' };
