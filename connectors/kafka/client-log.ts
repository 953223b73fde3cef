import { type LogEntry, logLevel } from 'kafkajs';

/** Told what the client notices, one line each. */
export type ClientLog = (level: 'error' | 'warn' | 'info', message: string) => void;

/** Failures of which whoever asked hears as an error: said by him, once, with what to do. */
const answered: readonly { readonly namespace: RegExp; readonly message: RegExp }[] = [
  { namespace: /^Connection$/, message: /^Response / },
  { namespace: /^BrokerPool$/, message: /^(?!Failed to connect to broker, reconnecting)/ },
  { namespace: /^SaslAuthenticator/, message: /^/ },
  { namespace: /^Producer$/, message: /^(?!Failed to send messages)/ },
  { namespace: /^Admin$/, message: /^Could not / },
];

const crash = 'Crash: ';

/** What kafkajs logs, as far as nobody else says it: a sentence each, without stack traces and without the fields beside it. */
export function clientLog(onLog: ClientLog): (entry: LogEntry) => void {
  let crashed = '';
  return ({ namespace, level, log }) => {
    const message = String(log.message);
    if (answered.some((one) => one.namespace.test(namespace) && one.message.test(message))) return;
    // A membership that has ended is told of by whoever had it; one that kafkajs begins anew by nobody but it.
    if (namespace === 'Consumer' && message.startsWith(crash)) {
      crashed = message.slice(crash.length);
      return;
    }
    const again = namespace === 'Consumer' && message.startsWith('Restarting the consumer');
    // Only the sentence: the other fields may hold whole requests.
    const place = namespace === 'Connection' && typeof log.broker === 'string' ? ` (${log.broker})` : '';
    onLog(levelOf(level), again ? `Consumer: ${crashed}: joins again` : `${namespace}: ${message}${place}`);
  };
}

const levelOf = (level: logLevel): 'error' | 'warn' | 'info' =>
  level === logLevel.ERROR ? 'error' : level === logLevel.WARN ? 'warn' : 'info';
