import { describe, expect, test } from 'vitest';
import { Blocked, Gate, isPublic } from '../../../connectors/alerts/address.js';

/** A name server as an attacker would have it: every name that is asked for leads where its first label says. */
const resolve = async (host: string): Promise<readonly string[]> => {
  const [, v4] = /^(\d+-\d+-\d+-\d+)\./.exec(host) ?? [];
  if (v4) return [v4.replaceAll('-', '.')];
  if (host.startsWith('both.')) return ['93.184.216.34', '10.0.0.1'];
  if (host.startsWith('six.')) return ['fd00:ec2::254'];
  if (host.startsWith('none.')) return [];
  return ['93.184.216.34'];
};

/** Everything that has been used to make a server talk to its own network. */
const refused: readonly string[] = [
  // Loopback, in all its spellings.
  ...['https://127.0.0.1/', 'https://127.1/', 'https://127.0.1/', 'https://127.255.255.254/', 'https://2130706433/'],
  ...['https://0x7f000001/', 'https://0x7f.0.0.1/', 'https://0177.0.0.1/', 'https://017700000001/', 'https://0/'],
  ...['https://0.0.0.0/', 'https://127.0.0.1./', 'https://①②⑦.0.0.1/', 'https://127。0。0。1/'],
  ...['https://localhost/', 'https://LOCALHOST/', 'https://localhost./', 'https://a.localhost/'],
  ...['https://[::1]/', 'https://[::]/', 'https://[0:0:0:0:0:0:0:1]/'],
  // Private and shared networks.
  ...['https://10.0.0.1/', 'https://10.255.255.255/', 'https://172.16.0.1/', 'https://172.31.255.254/'],
  ...['https://192.168.0.1/', 'https://192.168.255.255/', 'https://100.64.0.1/', 'https://100.127.255.254/'],
  ...['https://3232235521/', 'https://0xc0a80001/', 'https://0300.0250.0.1/', 'https://10.1/'],
  ...['https://[fc00::1]/', 'https://[fd12:3456::1]/', 'https://[fec0::1]/'],
  // Link-local, and the doors of clouds.
  ...[
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.170.2/',
    'https://2852039166/',
    'https://0xa9fea9fe/',
  ],
  ...['https://0251.0376.0251.0376/', 'https://[fe80::1]/', 'https://[fd00:ec2::254]/', 'https://100.100.100.200/'],
  ...['https://192.0.0.192/', 'https://168.63.129.16/', 'https://metadata.google.internal/', 'https://metadata/'],
  // Addresses within addresses.
  ...[
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[::127.0.0.1]/',
  ],
  ...['https://[64:ff9b::7f00:1]/', 'https://[64:ff9b::a9fe:a9fe]/', 'https://[2002:7f00:1::]/', 'https://[2001::1]/'],
  // Reserved, documentation, benchmarks, multicast, broadcast.
  ...[
    'https://192.0.2.1/',
    'https://198.51.100.1/',
    'https://203.0.113.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
  ],
  ...[
    'https://240.0.0.1/',
    'https://255.255.255.255/',
    'https://192.88.99.1/',
    'https://[ff02::1]/',
    'https://[2001:db8::1]/',
  ],
  // Names of inside, and names that lead there.
  ...['https://printer/', 'https://printer.local/', 'https://db.internal/', 'https://nas.lan/', 'https://x.home.arpa/'],
  ...['https://10-0-0-1.evil.example/', 'https://127-0-0-1.evil.example/', 'https://169-254-169-254.evil.example/'],
  ...['https://both.evil.example/', 'https://six.evil.example/', 'https://none.evil.example/'],
  // Logins, ports, other protocols, no address at all.
  ...['https://user:word@hooks.example/', 'https://hooks.example@10.0.0.1/', 'https://user@hooks.example/'],
  ...[
    'https://hooks.example:22/',
    'https://hooks.example:6379/',
    'https://hooks.example:8443/',
    'http://hooks.example/',
  ],
  ...[
    'ftp://hooks.example/',
    'file:///etc/passwd',
    'gopher://hooks.example/',
    'javascript:1',
    'data:,x',
    '//hooks.example/',
  ],
  ...['https://', 'hooks.example', ''],
];

const reach = async (url: string, gate: Gate): Promise<string> => {
  const { hostname, port, protocol } = gate.checkUrl(url);
  return (await gate.target(hostname, Number(port) || (protocol === 'https:' ? 443 : 80))).address;
};

describe('the gate', () => {
  test(`refuses ${refused.length} addresses`, async () => {
    const gate = new Gate({ resolve });
    expect(refused.length).toBeGreaterThanOrEqual(60);
    const passed: string[] = [];
    for (const url of refused) {
      await reach(url, gate).then(
        () => passed.push(url),
        (error: Error) => expect(error, url).toBeInstanceOf(Blocked),
      );
    }
    expect(passed).toEqual([]);
  });

  test.each([
    ['https://hooks.example/a', '93.184.216.34'],
    ['https://hooks.example:443/a', '93.184.216.34'],
    ['https://8.8.8.8/', '8.8.8.8'],
    ['https://[2606:4700::1111]/', '2606:4700::1111'],
  ])('lets %s through', async (url, address) => expect(await reach(url, new Gate({ resolve }))).toBe(address));

  test.each([
    ['http://10.2.3.4/', ['10.2.0.0/16'], '10.2.3.4'],
    ['https://10.2.3.4:9093/', ['10.2.0.0/16'], '10.2.3.4'],
    ['http://127.0.0.1:8080/', ['127.0.0.1:8080'], '127.0.0.1'],
    ['http://10-0-0-1.lan:9093/', ['*.lan:9093'], '10.0.0.1'],
    ['https://printer/', ['printer'], '93.184.216.34'],
    ['https://[::1]/', ['[::1]'], '::1'],
    ['https://hooks.example:8443/', ['hooks.example:8443'], '93.184.216.34'],
  ])('%s is open where %j is allowed', async (url, allow, address) =>
    expect(await reach(url, new Gate({ resolve, allow }))).toBe(address),
  );

  test.each([
    ['http://10.3.3.4/', ['10.2.0.0/16']],
    ['http://127.0.0.1:8081/', ['127.0.0.1:8080']],
    ['http://127.0.0.1:8080/', ['127.0.0.1']],
    ['https://evil-lan/', ['*.lan']],
    ['https://10-0-0-1.evil.example/', ['hooks.example']],
    ['https://x.hooks.example.evil/', ['*.hooks.example']],
  ])(
    '%s is not by %j',
    async (url, allow) =>
      await expect(reach(url, new Gate({ resolve: async () => ['10.9.9.9'], allow }))).rejects.toThrow(Blocked),
  );

  test('says the host and what to do, and nothing else of the address', () => {
    const gate = new Gate();
    const secret = 'hunter2';
    for (const url of [
      `https://user:${secret}@hooks.example/`,
      `https://10.0.0.1/${secret}?t=${secret}#${secret}`,
      `http://hooks.example/${secret}`,
      `https://hooks.example:22/${secret}`,
      `:${secret}`,
    ]) {
      expect(() => gate.checkUrl(url)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(secret) }),
      );
      expect(() => gate.checkUrl(url)).toThrow(/expected/);
    }
  });

  test.each(['', 'a b', 'https://x', '10.0.0.0/99', 'host:port'])('refuses %j as an entry of allow', (entry) =>
    expect(() => new Gate({ allow: [entry] })).toThrow(/allow: expected a host/),
  );
});

test.each([
  ['8.8.8.8', true],
  ['::ffff:8.8.8.8', false],
  ['10.0.0.1', false],
  ['no address', false],
])('%s is public: %s', (address, expected) => expect(isPublic(address)).toBe(expected));
