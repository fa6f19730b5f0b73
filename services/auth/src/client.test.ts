import { describe, expect, it } from 'vitest';
import { clientOf, limitedAddress } from './client.ts';

describe('one address for a limit', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
    ['unix', 'unix'],
  ])('%s → %s', (ip, address) => {
    expect(limitedAddress(ip)).toBe(address);
  });
});

it('a client’s name for itself is cut', () => {
  expect(clientOf({ ip: '::1', userAgent: 'x'.repeat(9_999) }).userAgent).toHaveLength(256);
  expect(clientOf({ ip: '::1', userAgent: undefined })).toEqual({ ip: '::1' });
});
