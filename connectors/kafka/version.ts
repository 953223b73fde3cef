import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type KafkaOptions, tlsOf } from './client.js';

/**
 * True when a broker is of Kafka 4.0 or later, which verifies that a partition belongs to the transaction that writes to
 * it. kafkajs does not tell; 4.0 is the release that no longer takes fetch requests below version 4.
 */
export async function isKafka4(options: KafkaOptions, stop?: AbortSignal): Promise<boolean> {
  let last: unknown;
  for (const broker of options.brokers) {
    try {
      return (await fetchMinimum(broker, options, stop)) >= 4;
    } catch (error) {
      last = error;
      if (stop?.aborted) break;
    }
  }
  throw new Error(`no broker of ${options.brokers.join(', ')} told its version: ${(last as Error).message}`, {
    cause: last,
  });
}

/** API key 18, version 0, and no header fields beyond: every broker answers it, before any login. */
const request = Buffer.from([0, 0, 0, 16, 0, 18, 0, 0, 0, 0, 0, 1, 0, 6, ...Buffer.from('engram')]);
const fetchKey = 1;

async function fetchMinimum(
  broker: string,
  { tls, connectTimeoutMs = 5000 }: KafkaOptions,
  stop: AbortSignal | undefined,
): Promise<number> {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(broker) ?? [];
  const at = { host, port: Number(port) };
  const socket: Socket = tls
    ? connectTls({
        ...at,
        ...(isIP(host) ? {} : { servername: host }),
        ...(tls === true ? {} : (tlsOf(tls) as object)),
      })
    : connectPlain(at);
  const onStop = (): void => void socket.destroy(new Error('asked to stop'));
  stop?.addEventListener('abort', onStop);
  try {
    const answer = await exchange(socket, connectTimeoutMs);
    // Length, correlation id, error code, then a list of (key, lowest version, highest version).
    const error = answer.readInt16BE(8);
    if (error !== 0) throw new Error(`answered with error ${error}`);
    for (let i = 0, count = answer.readInt32BE(10); i < count; i++) {
      if (answer.readInt16BE(14 + i * 6) === fetchKey) return answer.readInt16BE(16 + i * 6);
    }
    throw new Error('answered without the version of fetch');
  } finally {
    stop?.removeEventListener('abort', onStop);
    socket.destroy();
  }
}

function exchange(socket: Socket, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    socket.setTimeout(timeoutMs, () => reject(new Error(`no answer in ${timeoutMs} ms`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      const whole = Buffer.concat(parts);
      if (whole.length >= 4 && whole.length >= 4 + whole.readInt32BE(0)) resolve(whole);
    });
    socket.write(request);
  });
}
