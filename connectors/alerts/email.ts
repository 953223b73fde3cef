import { readSecret, type Secret, type SecretPlace } from '../kafka/secret.js';
import { Gate, type Reach } from './address.js';
import { type AlertSink, Refused, TryAgain } from './sink.js';
import { bodyOf, titleOf } from './text.js';

export interface EmailOptions extends Reach {
  readonly host: string;
  /** Default 587; at 465 TLS comes first, elsewhere by STARTTLS. */
  readonly port?: number;
  /** `require` by default: nothing is said before TLS. `never` only where host and network are trusted. */
  readonly tls?: 'require' | 'never';
  readonly username?: string;
  readonly password?: SecretPlace | Secret;
  readonly from: string;
  readonly to: readonly string[];
  readonly timeoutMs?: number;
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

const smtpPorts = [25, 465, 587];

/** Mails by SMTP; needs the package `nodemailer`, which is optional. The same delivery has the same Message-ID. */
export async function emailSink(options: EmailOptions): Promise<AlertSink> {
  const { host, port = 587, tls = 'require', username, password, from, to, timeoutMs = 20_000, ca } = options;
  if (to.length === 0) throw new RangeError('email.to: expected at least one address, got none');
  const gate = new Gate(options);
  if (!smtpPorts.includes(port) && !gate.mayOpen(host, port)) {
    throw new RangeError(
      `email.port: expected one of ${smtpPorts.join(', ')}, got ${port}: name ${host}:${port} in allow`,
    );
  }
  const word = password && readSecret(password);
  const { default: mailer } = await import('nodemailer').catch(() => {
    throw new Error('email: expected the optional package nodemailer, it is not installed: npm install nodemailer');
  });
  const domain =
    from
      .split('@')
      .at(-1)
      ?.replace(/[^a-z0-9.-]/gi, '') || 'engram';
  return {
    manner: 'grouped',
    async send(delivery) {
      const { address } = await gate.target(host, port, smtpPorts);
      const transport = mailer.createTransport({
        // The address that was checked; certificates are held against the name.
        host: address,
        port,
        secure: port === 465,
        requireTLS: tls === 'require' && port !== 465,
        ignoreTLS: tls === 'never',
        tls: { servername: host, ...(ca === undefined ? {} : { ca }) },
        ...(username === undefined || !word ? {} : { auth: { user: username, pass: word.reveal() } }),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: titleOf(delivery).slice(0, 200),
          text: `${bodyOf(delivery)}\n`,
          messageId: `<${delivery.id}@${domain}>`,
          // Mails of one incident are shown as one thread.
          ...(delivery.group === null ? {} : { references: `<${delivery.group}@${domain}>` }),
          headers: { 'Engram-Delivery': delivery.id, 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        // The server's own words may quote what it was told: only its code is said on.
        const { responseCode, code } = error as { responseCode?: number; code?: string };
        const text = `${host}: the mail was not taken (${responseCode ?? code ?? 'no answer'})`;
        throw responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH'
          ? new Refused(text)
          : new TryAgain(text);
      } finally {
        transport.close();
      }
    },
    close: () => Promise.resolve(),
  };
}
