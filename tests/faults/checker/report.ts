import { BUSY, busyWith, type MachineFindings } from '../machine.ts';
import type { CallFindings } from './check-calls.ts';
import type { LineFindings, Share } from './check-lines.ts';
import type { MessageFindings } from './check-messages.ts';
import type { PushFindings } from './check-pushes.ts';
import type { MomentsOfDeath } from './moments-of-death.ts';

export interface FaultReport {
  readonly seed: number;
  /** Processes killed without a word. */
  readonly kills: number;
  /** Processes that were asked to stop, which these numbers are not among. */
  readonly stopped: number;
  /** Processes that ended without being told to. */
  readonly died: readonly string[];
  /** All of it, from starting the cluster to reading what it holds. */
  readonly seconds: number;
  readonly messages: MessageFindings;
  /** Of chat. */
  readonly moments: MomentsOfDeath;
  readonly lines: LineFindings;
  readonly calls: CallFindings;
  /** `malformed`: pushes that their service refused as such. */
  readonly pushes: PushFindings & { readonly malformed: number };
  readonly machine: MachineFindings;
  /** Kind of fault → how often, and what is known of it. */
  readonly faults: Readonly<Record<string, string>>;
}

export interface Judgement {
  /** Share of lost connections that must have been back and caught up in time. */
  readonly linesInTime: number;
  /** The same for those that were lost by one kind of fault; few as they may be, one of them may be late. */
  readonly linesOfAKindInTime: number;
  /** Processes that were to be killed without a word, at least. */
  readonly kills: number;
  /** Messages that were to be acknowledged, at least. */
  readonly acked: number;
  /** The whole run. */
  readonly withinSeconds: number;
  /** Kinds of faults that were to happen. */
  readonly kinds: readonly string[];
  /** Whether chat was to die before it stored, after, and after it said so; asked only of a run that killed it often. */
  readonly moments: boolean;
}

/** Of so many deaths of chat under load, each moment has met several messages. */
const MOMENTS_OF_DEATHS = 5;

/** What of a run did not hold, in words. */
export interface Verdict {
  /** What must never be, however slow the machine. */
  readonly broken: readonly string[];
  /** What was to happen and did not, so that nothing is shown by its having held. */
  readonly missing: readonly string[];
  /** What only took too long. */
  readonly late: readonly string[];
}

export function judge(report: FaultReport, judgement: Judgement): Verdict {
  const { messages, calls, lines, pushes, died } = report;
  const zero: Readonly<Record<string, number>> = {
    'acknowledged messages lost': messages.lost,
    'messages stored twice': messages.duplicated,
    'repeats answered with another message': messages.disagreeing,
    'messages out of order': messages.reordered,
    gaps: messages.gaps,
    'messages told out of turn': messages.outOfTurn,
    phantoms: messages.phantom,
    'calls wrongly ended': calls.wronglyEnded,
    'calls without an end in time': calls.unended,
    'calls with several ends': calls.severalEnds,
    'users busy without a call': calls.ghost,
    'push targets not told of the last message': pushes.untold,
    'pushes of what is not': pushes.false,
    'pushes that ring on': pushes.ringingOn,
    'pushes repeated': pushes.repeated,
    'pushes malformed': pushes.malformed,
    'connections that never came back': lines.neverBack,
    'connections that never caught up': lines.neverCaughtUp,
    'processes that died by themselves': died.length,
  };
  return {
    broken: Object.entries(zero)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${what}: ${count}`),
    missing: missing(report, judgement),
    late: late(lines, judgement),
  };
}

function late({ inTime, byFault }: LineFindings, asked: Judgement): string[] {
  const words: string[] = [];
  if (inTime < asked.linesInTime) words.push(`connections back and caught up in time: ${percent(inTime)}`);
  for (const [kind, share] of Object.entries(byFault)) {
    if (lateOf(share) > 1 && share.inTime < asked.linesOfAKindInTime) {
      words.push(`connections back and caught up in time after ${kind}: ${percent(share.inTime)}`);
    }
  }
  return words;
}

function missing({ kills, messages, seconds, faults, moments }: FaultReport, asked: Judgement): string[] {
  const words: string[] = [];
  if (kills < asked.kills) words.push(`processes killed: ${kills} of ${asked.kills}`);
  if (messages.acked < asked.acked) words.push(`messages acknowledged: ${messages.acked} of ${asked.acked}`);
  if (seconds > asked.withinSeconds) {
    words.push(`took ${Math.round(seconds)} s, more than ${Math.round(asked.withinSeconds)} s`);
  }
  const never = asked.kinds.filter((kind) => faults[kind] === undefined);
  if (never.length > 0) words.push(`faults that never happened: ${never.join(', ')}`);
  if (asked.moments && moments.deaths >= MOMENTS_OF_DEATHS) {
    const met = {
      'before it stored': moments.beforeInsert,
      'before it acknowledged': moments.afterInsert,
      'before it told': moments.afterAck,
    };
    for (const [when, count] of Object.entries(met)) {
      if (count === 0) words.push(`chat died ${moments.deaths} times, never ${when}`);
    }
  }
  return words;
}

/** For people. */
export function renderReport({
  seed,
  kills,
  stopped,
  died,
  seconds,
  messages,
  moments,
  lines,
  calls,
  pushes,
  machine,
  faults,
}: FaultReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ['seed, seconds', `${seed}, ${Math.round(seconds)}`],
    ['processes', `${kills} killed, ${stopped} asked to stop`],
    ...Object.entries(faults).map(([kind, text]) => [`  ${kind}`, text] as const),
    [
      '  chat died',
      `${moments.deaths} times: before it stored ${moments.beforeInsert} messages, before it acknowledged ${moments.afterInsert}, before it told of ${moments.afterAck}`,
    ],
    ['acked', String(messages.acked)],
    ['stored', String(messages.stored)],
    ['delivered', `${messages.delivered} (${messages.deliveredAgain} again)`],
    [
      '  late',
      `${Object.entries(messages.deliveredLate)
        .map(([vocabulary, count]) => `${vocabulary} ${count}`)
        .join(', ')}; out of turn ${messages.outOfTurn}`,
    ],
    ['lost', String(messages.lost)],
    ['duplicated', String(messages.duplicated)],
    [
      'repeats disagreeing',
      `${messages.disagreeing} (${messages.storedUnheard} were stored, their ack unheard)`,
    ],
    ['reordered', String(messages.reordered)],
    ['gaps', String(messages.gaps)],
    ['phantom', String(messages.phantom)],
    ['max ack stall', ms(messages.maxAckStallMs)],
    [
      'connections lost',
      `${lines.lost}, never back ${lines.neverBack}, never caught up ${lines.neverCaughtUp}, in time ${percent(lines.inTime)}`,
    ],
    ...Object.entries(lines.byFault).map(
      ([kind, share]) => [`  by ${kind}`, `${share.lost}, in time ${percent(share.inTime)}`] as const,
    ),
    ['reconnect p99', `${ms(lines.reconnectP99Ms)}, then caught up ${ms(lines.catchUpP99Ms)}`],
    ['calls placed', `${calls.placed}, established ${calls.established}, refused ${calls.refused}`],
    ['calls live', `${calls.live}, survived ${calls.survived}`],
    ['calls wrongly ended', String(calls.wronglyEnded)],
    [
      'calls without one end',
      `${calls.unended} unended, ${calls.severalEnds} several, ${calls.guessed} guessed by history`,
    ],
    ['longest ring', `${ms(calls.longestRingMs)}: ${calls.longestRing}`],
    ['ghost', String(calls.ghost)],
    [
      'pushes',
      `${pushes.pushes}, ${pushes.rings} of them ring; sent again after a death ${pushes.repeatedAfterSetback}, without ${pushes.repeated}`,
    ],
    [
      'pushes wrong',
      `${pushes.untold} targets untold, ${pushes.false} false, ${pushes.ringingOn} ringing on, ${pushes.malformed} malformed`,
    ],
    [
      'machine',
      `${machine.cores} cores, load of each ${machine.loadBefore.toFixed(1)} before (busy beyond ${BUSY.loadBefore}), ${machine.load.toFixed(1)} during (${BUSY.load}); the clients' process late by ${ms(machine.delayP99Ms)} p99 (${BUSY.delayP99Ms}), ${ms(machine.longestDelayMs)} at most`,
    ],
    ...busyWith(machine).map((words) => ['  was busy', words] as const),
    ['died by themselves', died.length === 0 ? '0' : died.join(', ')],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    ...[...messages.examples, ...calls.examples, ...pushes.examples].map((example) => `  ! ${example}`),
  ].join('\n');
}

const lateOf = ({ lost, inTime }: Share): number => Math.round(lost * (1 - inTime));
const ms = (value: number): string => `${Math.round(value)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
