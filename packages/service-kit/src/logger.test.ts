import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

function capture(pretty = false) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level: 'debug', service: 'chat', nodeId: 'n1', pretty, destination });
  return { logger, lines };
}

describe('logger', () => {
  it('says service, node, level and time', () => {
    const { logger, lines } = capture();
    logger.info({ callId: 'c1' }, 'call placed');
    const line = JSON.parse(lines[0] ?? '');
    expect(line).toMatchObject({
      level: 'info',
      service: 'chat',
      nodeId: 'n1',
      callId: 'c1',
      msg: 'call placed',
    });
    expect(Number.isNaN(Date.parse(line.time))).toBe(false);
  });

  it.each([
    'token',
    'accessToken',
    'refresh_token',
    'password',
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'sdp',
    'offer',
    'answer',
    'candidate',
    'content',
    'signalData',
  ])('hides %s at any depth', (key) => {
    const { logger, lines } = capture();
    logger.info(
      { [key]: 'hunter2', a: { [key]: 'hunter2', b: [{ c: { [key]: { deep: 'hunter2' } } }] } },
      'x',
    );
    logger.child({ session: { [key]: 'hunter2' }, [key]: 'hunter2' }).warn('y');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toContain('[hidden]');
      expect(line).not.toContain('hunter2');
    }
  });

  it('shows of an error its name, message, code, stack and causes, and nothing that hangs on it', () => {
    const { logger, lines } = capture();
    const cause = Object.assign(new TypeError('inner'), { document: { text: 'hunter2' } });
    const err = Object.assign(new Error('outer', { cause }), { code: 11000, writeErrors: ['hunter2'] });
    logger.error({ err }, 'failed');
    logger.error({ nested: { error: err } }, 'failed');
    for (const line of lines) {
      expect(line).not.toContain('hunter2');
      expect(line).toContain('"message":"outer"');
      expect(line).toContain('"code":11000');
      expect(line).toContain('"type":"TypeError"');
    }
  });

  it('survives what refers to itself and what is huge', () => {
    const { logger, lines } = capture();
    const loop: Record<string, unknown> = { list: Array.from({ length: 5_000 }, (_, at) => at) };
    loop.self = loop;
    logger.info(loop, 'x');
    expect(lines[0]?.length).toBeLessThan(5_000);
  });

  it('writes lines for people', () => {
    const { logger, lines } = capture(true);
    logger.warn({ userId: '7', password: 'hunter2' }, 'refused');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}chat: refused userId="7" password="\[hidden\]"\n$/);
  });
});
