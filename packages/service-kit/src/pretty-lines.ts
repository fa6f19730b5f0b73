import type { DestinationStream } from 'pino';

/** Turns log lines of JSON into lines for people; what is not JSON passes as it is. */
export function prettyLines(out: DestinationStream): DestinationStream {
  return {
    write(line) {
      out.write(pretty(line));
    },
  };
}

function pretty(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, err, service, nodeId: _nodeId, ...facts } = entry;
  const error = err as { message?: string; stack?: string } | undefined;
  const rest = Object.entries(facts).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const clock = String(time).slice(11, 19);
  const trace = error ? `\n${error.stack ?? error.message ?? ''}` : '';
  return `${clock} ${String(level).padEnd(5)} ${String(service)}: ${typeof msg === 'string' ? msg : ''}${rest.join('')}${trace}\n`;
}
