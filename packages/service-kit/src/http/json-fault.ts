const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const LITERAL = /true|false|null/y;
const BLANKS = /[ \t\n\r]*/y;
/** What stands for itself in a string: neither quote, nor backslash, nor control character. */
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

interface Fault {
  readonly what: string;
  readonly at: number;
}

/**
 * Where a text stops being JSON, in the words of Python's decoder, which clients of the Django document know and which quote nothing of the text:
 * `Expecting value: line 1 column 1 (char 0)`. Undefined for JSON. Linear in time, and deep nesting costs no stack.
 */
export function jsonFault(text: string): string | undefined {
  const fault = firstFault(text);
  if (!fault) return undefined;
  const before = text.slice(0, fault.at);
  const lastBreak = before.lastIndexOf('\n');
  const line = before.split('\n').length;
  const column = codePoints(before.slice(lastBreak + 1)) + 1;
  return `${fault.what}: line ${line} column ${column} (char ${codePoints(before)})`;
}

function codePoints(text: string): number {
  return Array.from(text).length;
}

function firstFault(text: string): Fault | undefined {
  /** The brackets that are open, each by the one that closes it. */
  const open: ('}' | ']')[] = [];
  let at = skip(BLANKS, text, 0);
  for (;;) {
    // A value, or the first key of an object.
    const opened = text[at];
    if (opened === '{' || opened === '[') {
      const closing = opened === '{' ? '}' : ']';
      at = skip(BLANKS, text, at + 1);
      if (text[at] === closing) at += 1;
      else {
        open.push(closing);
        if (closing === '}') {
          const key = keyAt(text, at);
          if (typeof key !== 'number') return key;
          at = key;
        }
        continue;
      }
    } else {
      const end = scalarAt(text, at);
      if (typeof end !== 'number') return end;
      at = end;
    }
    // Behind a value: what closes, or a comma and the next one.
    for (;;) {
      at = skip(BLANKS, text, at);
      const closing = open.at(-1);
      if (closing === undefined) return at < text.length ? { what: 'Extra data', at } : undefined;
      if (text[at] === closing) {
        open.pop();
        at += 1;
        continue;
      }
      if (text[at] !== ',') return { what: "Expecting ',' delimiter", at };
      at = skip(BLANKS, text, at + 1);
      if (closing === ']') break;
      const key = keyAt(text, at);
      if (typeof key !== 'number') return key;
      at = key;
      break;
    }
  }
}

/** The index behind `"key" : `, where its value begins. */
function keyAt(text: string, at: number): number | Fault {
  if (text[at] !== '"') return { what: 'Expecting property name enclosed in double quotes', at };
  const end = stringAt(text, at);
  if (typeof end !== 'number') return end;
  const colon = skip(BLANKS, text, end);
  if (text[colon] !== ':') return { what: "Expecting ':' delimiter", at: colon };
  return skip(BLANKS, text, colon + 1);
}

function scalarAt(text: string, at: number): number | Fault {
  if (text[at] === '"') return stringAt(text, at);
  const end = Math.max(skip(NUMBER, text, at), skip(LITERAL, text, at));
  return end > at ? end : { what: 'Expecting value', at };
}

function stringAt(text: string, start: number): number | Fault {
  let at = start + 1;
  for (;;) {
    at = skip(PLAIN, text, at);
    const char = text[at];
    if (char === '"') return at + 1;
    if (char === undefined) return { what: 'Unterminated string starting at', at: start };
    if (char !== '\\') return { what: 'Invalid control character at', at };
    const end = skip(ESCAPE, text, at);
    if (end > at) at = end;
    else if (text[at + 1] === undefined) return { what: 'Unterminated string starting at', at: start };
    else if (text[at + 1] === 'u') return { what: 'Invalid \\uXXXX escape', at: at + 1 };
    else return { what: 'Invalid \\escape', at };
  }
}

/** The index behind the match at `at`; `at` itself without one. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
