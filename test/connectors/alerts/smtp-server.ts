import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A mail as it was handed over. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly user: string | undefined;
}

/** A small SMTP server (RFC 5321, AUTH PLAIN and LOGIN) on the loopback: strict about the order of commands. */
export class SmtpServer {
  readonly mails: Mail[] = [];
  /** Codes that answer the end of the next mails; 250 when there are none. */
  readonly codes: number[] = [];
  readonly password = 'hunter2';
  readonly #sockets = new Set<Socket>();

  private constructor(readonly server: Server) {}

  static async start(): Promise<SmtpServer> {
    const made: SmtpServer = new SmtpServer(createServer((socket) => made.#serve(socket)));
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    let data: string[] | undefined;
    let [greeted, user] = [false, undefined as string | undefined];
    let envelope: { from: string; to: string[] } | undefined;
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    const command = (line: string): void => {
      if (data) {
        if (line !== '.') {
          data.push(line.startsWith('..') ? line.slice(1) : line);
          return;
        }
        const code = this.codes.shift() ?? 250;
        if (code === 250)
          this.mails.push({ from: envelope?.from ?? '', to: envelope?.to ?? [], data: data.join('\n'), user });
        data = undefined;
        envelope = undefined;
        say(code === 250 ? '250 taken' : `${code} not taken, you said hunter2`);
        return;
      }
      const [, from] = /^MAIL FROM:<([^>]*)>/i.exec(line) ?? [];
      const [, to] = /^RCPT TO:<([^>]*)>/i.exec(line) ?? [];
      const [, plain] = /^AUTH PLAIN (\S+)$/i.exec(line) ?? [];
      if (/^EHLO \S+/i.test(line)) {
        greeted = true;
        socket.write('250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n');
      } else if (!greeted) say('503 expected EHLO first');
      else if (plain !== undefined) {
        const [, name, word] = Buffer.from(plain, 'base64').toString().split('\0');
        user = word === this.password ? name : undefined;
        say(user ? '235 welcome' : '535 no');
      } else if (from !== undefined) {
        envelope = { from, to: [] };
        say('250 ok');
      } else if (to !== undefined && envelope) {
        envelope.to.push(to);
        say('250 ok');
      } else if (/^DATA$/i.test(line) && envelope && envelope.to.length > 0) {
        data = [];
        say('354 go on');
      } else if (/^QUIT$/i.test(line)) socket.end('221 bye\r\n');
      else say('503 expected another command');
    };
    socket.on('data', (part) => {
      text += part.toString('utf8');
      for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n')) {
        const line = text.slice(0, at);
        text = text.slice(at + 2);
        command(line);
      }
    });
    say('220 here ESMTP');
  }
}
