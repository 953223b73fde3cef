import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { KafkaOptions } from './client.js';
import { isKafka4 } from './version.js';

const unknownAuthority = 'no known authority signed its certificate: name the PEM file of one in kafka.tls.ca';
/** What is wrong with a certificate, by the codes of Node, and the field that mends it. */
const certificates: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name: say which in kafka.tls.servername',
};

/**
 * Which field of ours does not fit what brokers listen with, and what to set it to; undefined where that is not why they
 * could not be talked to. Asks them for nothing but their version, and shows nobody a login.
 */
export async function misfitOf(
  error: unknown,
  options: KafkaOptions,
  stop?: AbortSignal,
  /** Nobody who is told of a failure already may be kept waiting. */
  probeMs = 2000,
): Promise<string | undefined> {
  const { code, type } = originOf(error);
  if (code !== undefined && Object.hasOwn(certificates, code)) return certificates[code];
  if (type === 'ILLEGAL_SASL_STATE')
    return 'the brokers take no login there: leave kafka.login out, or name their port for logins';
  const { login: _, ...quick } = {
    ...options,
    connectTimeoutMs: Math.min(options.connectTimeoutMs ?? probeMs, probeMs),
  };
  for (const broker of options.brokers) {
    if (stop?.aborted) break;
    const one = { ...quick, brokers: [broker] };
    if (options.tls) {
      if (await answers({ ...one, tls: false }, stop)) {
        return `${broker} answers without TLS: leave kafka.tls out, or name its port for TLS`;
      }
    } else if (await greets(broker, quick.connectTimeoutMs, stop)) {
      return `${broker} answers with TLS: set kafka.tls to true, or to {"ca": PATH} for an authority of your own`;
    }
    // It tells everybody its version, and hangs up on a question by somebody it does not know.
    if (!options.login && isHungUp(error) && (await answers(one, stop))) {
      return `${broker} tells its version, and hangs up when it is asked for more: it may want a kafka.login`;
    }
  }
  return undefined;
}

const answers = (options: KafkaOptions, stop: AbortSignal | undefined): Promise<boolean> =>
  isKafka4(options, stop).then(
    () => true,
    () => false,
  );

/** True when a handshake comes to an end, or to a refusal in its own words. */
function greets(broker: string, timeoutMs: number, stop: AbortSignal | undefined): Promise<boolean> {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(broker) ?? [];
  return new Promise((resolve) => {
    // Nothing is sent, so it does not matter who answers.
    const socket = connect({
      ...{ host, port: Number(port), rejectUnauthorized: false, timeout: timeoutMs },
      ...(isIP(host) ? {} : { servername: host }),
    });
    const end = (found: boolean): void => {
      stop?.removeEventListener('abort', onStop);
      socket.destroy();
      resolve(found);
    };
    const onStop = (): void => end(false);
    stop?.addEventListener('abort', onStop);
    socket.once('secureConnect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('close', () => end(false));
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => end(/^ERR_SSL_.*ALERT/.test(code)));
  });
}

/** In the midst of a question by the client; a broker that is just starting hangs up on the question for its version. */
const isHungUp = (error: unknown): boolean => originOf(error).name === 'KafkaJSConnectionClosedError';

/** The innermost error, which knows most. */
function originOf(error: unknown): { readonly name?: string; readonly code?: string; readonly type?: string } {
  let at = error as Error & { code?: string; type?: string };
  while (at.cause instanceof Error) at = at.cause as typeof at;
  return at;
}
