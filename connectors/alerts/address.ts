import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

/** An address that may not be talked to; names the host at most, never path, query or login. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
}

export interface Reach {
  /**
   * Hosts (`alerts.lan`, `*.lan`, each with `:port` if it is an unusual one) and networks (`10.2.0.0/16`) that may be
   * reached although they are not public. Nothing else opens what is closed by default.
   */
  readonly allow?: readonly string[];
  /** Gives the addresses of a name; the system's resolver by default. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** A host that was resolved once: what is connected to is this address, whatever the name says a moment later. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly family: 4 | 6;
}

/** Names that lead inside whatever a resolver makes of them. */
const insideNames =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|test|invalid)\.?$/;
/** Public by its number, but a door of the cloud it is in. */
const cloudDoors = ['168.63.129.16/32', '192.88.99.0/24', '198.18.0.0/15'].map((text) => ipaddr.parseCIDR(text));
const global6 = ipaddr.parseCIDR('2000::/3');

/** Addresses anybody may be asked to talk to: no private, local, shared, mapped, tunnelled or reserved ones. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv6') return (parsed as ipaddr.IPv6).match(global6 as [ipaddr.IPv6, number]);
  return !cloudDoors.some((door) => (parsed as ipaddr.IPv4).match(door as [ipaddr.IPv4, number]));
}

/** What may be reached, as one question; throws a RangeError for an entry that is neither host nor network. */
export class Gate {
  readonly #hosts: { readonly name: string; readonly port: number | undefined }[] = [];
  readonly #networks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  readonly #resolve: (host: string) => Promise<readonly string[]>;

  constructor({ allow = [], resolve = bySystem }: Reach = {}) {
    this.#resolve = resolve;
    for (const entry of allow) {
      if (ipaddr.isValidCIDR(entry)) {
        this.#networks.push(ipaddr.parseCIDR(entry));
        continue;
      }
      const [, name, port] = /^((?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(entry) ?? [];
      if (name === undefined) {
        throw new RangeError(
          `allow: expected a host (alerts.lan, *.lan, alerts.lan:8080) or a network (10.2.0.0/16), got ${JSON.stringify(entry)}`,
        );
      }
      this.#hosts.push({ name: bare(name), port: port === undefined ? undefined : Number(port) });
    }
  }

  /** The URL, if its form alone forbids nothing: what can be said before a name is resolved. */
  checkUrl(text: string): URL {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw new Blocked('expected an address such as https://hooks.example/alerts, got none: correct it');
    }
    const host = bare(url.hostname);
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const named = this.#isNamed(host, port, url.port === '');
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (named || this.#inNetwork(host)))) {
      throw new Blocked(
        `${shown(host)}: expected https, got ${url.protocol.slice(0, 20)} name the host in allow to use http`,
      );
    }
    if (url.username !== '' || url.password !== '') {
      throw new Blocked(`${shown(host)}: expected no login in the address: put it where secrets are read from`);
    }
    if (!named && !this.#inNetwork(host) && url.port !== '' && port !== 443) {
      throw new Blocked(`${shown(host)}: expected port 443, got ${port}: name ${shown(host)}:${port} in allow`);
    }
    this.#checkName(host, named);
    return url;
  }

  /** Resolves a host once and gives the address to connect to; throws `Blocked` if any of its addresses is not allowed. */
  async target(hostname: string, port: number, usual: readonly number[] = [80, 443]): Promise<Target> {
    const host = bare(hostname);
    const named = this.#isNamed(host, port, usual.includes(port));
    this.#checkName(host, named);
    const addresses = ipaddr.isValid(host) ? [host] : await this.#resolve(host);
    if (addresses.length === 0) throw new Blocked(`${shown(host)}: expected an address, the name has none`);
    for (const address of addresses) {
      const inNetwork = this.#inNetwork(address);
      if (!named && !inNetwork && !usual.includes(port)) {
        throw new Blocked(
          `${shown(host)}: expected one of the ports ${usual.join(', ')}, got ${port}: name ${shown(host)}:${port} in allow`,
        );
      }
      if (!named && !isPublic(address) && !inNetwork) {
        throw new Blocked(
          `${shown(host)}: expected public addresses, it has ${address}: name the host or network in allow`,
        );
      }
    }
    const [address] = addresses;
    return { host, port, address, family: ipaddr.parse(address).kind() === 'ipv6' ? 6 : 4 };
  }

  /** Whether a port that is not usual may be used once the host is resolved: by its name, or by a network it may turn out to be in. */
  mayOpen(hostname: string, port: number): boolean {
    const host = bare(hostname);
    if (this.#isNamed(host, port, false)) return true;
    return ipaddr.isValid(host) ? this.#inNetwork(host) : this.#networks.length > 0;
  }

  #checkName(host: string, named: boolean): void {
    if (named) return;
    if (ipaddr.isValid(host)) {
      if (isPublic(host) || this.#inNetwork(host)) return;
      throw new Blocked(`${shown(host)}: expected a public address: name it or its network in allow`);
    }
    // Without a dot a name is looked up in the network's own domain.
    if (host === '' || !host.replace(/\.$/, '').includes('.') || insideNames.test(host)) {
      throw new Blocked(`${shown(host)}: expected a public host: name it in allow if it is meant`);
    }
  }

  #isNamed(host: string, port: number, usual: boolean): boolean {
    return this.#hosts.some(
      ({ name, port: only }) =>
        (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name) &&
        (only === undefined ? usual : only === port),
    );
  }

  #inNetwork(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    // A mapped address is the one it stands for.
    const parsed = ipaddr.process(address);
    return this.#networks.some(
      ([network, bits]) =>
        parsed.kind() === network.kind() && (parsed as ipaddr.IPv4).match(network as ipaddr.IPv4, bits),
    );
  }
}

/** A host without brackets, in lower case. */
const bare = (host: string): string => host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
const shown = (host: string): string => (host === '' ? 'no host' : host.slice(0, 100));

async function bySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}
