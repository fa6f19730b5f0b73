import { Opaque, type Value } from '../bson/value.ts';
import { badValue, CommandError } from '../errors.ts';

const MAX_PATTERN = 32_764;

/**
 * PCRE patterns run as JavaScript ones; what JavaScript does not have is an error.
 * @param pattern a BSON regex or a string
 * @param options `$options`, which win over the regex's own
 */
export function toRegExp(pattern: Value, options: Value | undefined): RegExp {
  const { source, flags } = parts(pattern);
  if (options !== undefined && typeof options !== 'string') throw badValue('$options has to be a string');
  const wanted = options ?? flags;
  if (source.length > MAX_PATTERN) throw badValue('Regular expression is too long');
  let jsFlags = '';
  for (const flag of new Set(wanted)) {
    if (!'imsu'.includes(flag)) throw badValue(`regex option '${flag}' is not supported`);
    if (flag !== 'u') jsFlags += flag;
  }
  try {
    return new RegExp(source, jsFlags);
  } catch (error) {
    throw new CommandError(51091, 'Regular expression is invalid', { cause: error });
  }
}

export function parts(pattern: Value): { source: string; flags: string } {
  if (typeof pattern === 'string') {
    if (pattern.includes('\0')) throw badValue('Regular expression cannot contain an embedded null byte');
    return { source: pattern, flags: '' };
  }
  if (!(pattern instanceof Opaque)) throw badValue('$regex has to be a string');
  const end = pattern.bytes.indexOf(0);
  return {
    source: pattern.bytes.toString('utf8', 0, end),
    flags: pattern.bytes.toString('utf8', end + 1, pattern.bytes.length - 1),
  };
}
