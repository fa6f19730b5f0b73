export type SignalKind = 'offer' | 'answer' | 'candidate';
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Marks a description that came as an object under `sdp`. Its readers look for the object there, where those of every other spelling look for the text of a
 * description, and one name cannot hold both. The mark is for this process alone: it is neither copied nor sent.
 */
const UNDER_SDP = Symbol('came under sdp');

const CANDIDATE_FIELDS = ['candidate', 'sdpMid', 'sdpMLineIndex', 'usernameFragment'];

/** A description or candidate itself where an object around it is documented. */
export function isBareBody(kind: SignalKind, value: Fields): boolean {
  if (kind === 'candidate') return isCandidate(value);
  return typeof value.sdp === 'string' && typeof value.type === 'string' && value[kind] === undefined;
}

/** The same as text, which by itself is told from an id by how it begins. */
export function isWrittenBody(kind: SignalKind, value: unknown): value is string {
  return typeof value === 'string' && (kind === 'candidate' ? /^(a=)?candidate:/ : /^v=0/).test(value);
}

export function writtenBody(kind: SignalKind, text: string): unknown {
  return kind === 'candidate' ? text : { type: kind, sdp: text };
}

/** The body among the fields of an object; undefined when there is none. */
export function bodyIn(kind: SignalKind, fields: Fields): unknown {
  const { sdp } = fields;
  if (kind === 'candidate') return isCandidate(fields) ? pick(fields, CANDIDATE_FIELDS) : fields.candidate;
  if (Object.hasOwn(fields, kind)) return fields[kind];
  if (typeof sdp === 'string') return { type: kind, sdp };
  if (typeof sdp !== 'object' || sdp === null || Array.isArray(sdp)) return sdp;
  return Object.defineProperty({ ...sdp }, UNDER_SDP, { value: true });
}

/** A body as clients are sent it. Text alone, as other vocabularies may relay it, becomes the description that WebRTC takes. */
export function bodyFields(kind: SignalKind, payload: unknown): Fields {
  if (kind === 'candidate') return { candidate: payload };
  const description = typeof payload === 'string' ? { type: kind, sdp: payload } : payload;
  return { [kind]: description, sdp: isMarked(payload) ? payload : textOf(description) };
}

/** Apart from one that only holds a candidate under that name. */
function isCandidate({ candidate, ...others }: Fields): boolean {
  return typeof candidate === 'string' && ('sdpMid' in others || 'sdpMLineIndex' in others);
}

function textOf(description: unknown): unknown {
  const known = typeof description === 'object' && description !== null && 'sdp' in description;
  return known ? description.sdp : description;
}

function isMarked(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && UNDER_SDP in payload;
}

function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}
