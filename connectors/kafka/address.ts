/** A topic, or a stretch of it, as a command names it. */
export interface KafkaAddress {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly from?: string;
  readonly to?: string;
}

export const isKafkaUrl = (text: string): boolean => /^kafka:/i.test(text);

/** `kafka://host:port,host:port/topic?from=…&to=…` as its parts; its errors never show a password. */
export function parseKafkaUrl(url: string): KafkaAddress {
  const expected = 'expected kafka://host:port,host:port/topic?from=…&to=…';
  // Neither hosts nor topics nor places hold this character: whatever stands before it is a secret.
  if (url.includes('@')) {
    throw new RangeError(
      `${expected}, got a user or a password in ${redacted(url)}: shells and process lists keep them. ` +
        'Put the login into a file for --run: {"kafka": {"login": {"mechanism": …, "username": …, "password": {"env": "NAME"}}}}',
    );
  }
  const parts = /^kafka:\/\/([^/?#]+)\/([^/?#]+)(?:\?([^#]*))?$/i.exec(url);
  if (!parts) throw new RangeError(`${expected}, got ${redacted(url)}`);
  const brokers = parts[1].split(',').map(brokerOf);
  const topic = decoded(parts[2], 'the topic');
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(topic) || topic === '.' || topic === '..') {
    throw new RangeError(
      `${expected}, got the topic ${JSON.stringify(topic)}: Kafka allows letters, digits, ".", "_" and "-", 249 at most`,
    );
  }
  return { brokers, topic, ...placesOf(parts[3] ?? '') };
}

function brokerOf(broker: string): string {
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):(\d+)$/.exec(broker)?.[1]);
  if (port > 0 && port < 65_536) return broker;
  throw new RangeError(
    `expected brokers as host:port such as 127.0.0.1:9092, comma between them, got ${JSON.stringify(broker)}`,
  );
}

function placesOf(query: string): { from?: string; to?: string } {
  const places: { from?: string; to?: string } = {};
  for (const part of query.split('&').filter((one) => one !== '')) {
    const [name, ...rest] = part.split('=');
    // A value may be a secret that was put in the wrong place: it is not shown.
    if (name !== 'from' && name !== 'to') {
      throw new RangeError(
        `expected from and to after the topic, got ${JSON.stringify(name)}: ` +
          'all else is an option (--key, --values …) or stands in a file for --run',
      );
    }
    if (places[name] !== undefined) throw new RangeError(`expected ${name} once, got it twice`);
    // A plus is a plus here, as in +02:00, not a blank as in forms.
    const value = decoded(rest.join('='), name);
    if (value === '') throw new RangeError(`${name}: expected an offset or a time after "${name}=", got nothing`);
    places[name] = value;
  }
  return places;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RangeError(`${what}: expected percent signs with two hexadecimal digits, got ${JSON.stringify(text)}`);
  }
}

/** An address fit to be shown: what could be a user and a password is `***`. */
export const redacted = (text: string): string => text.replace(/\/\/[\s\S]*@/, '//***@');
