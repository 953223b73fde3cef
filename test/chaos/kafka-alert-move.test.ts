import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Alert } from '../../event.js';
import { Receiver } from '../connectors/alerts/server.js';
import { drained, produce, readAll, watchful } from '../kafka/harness.js';
import { withBroker } from '../kafka/with-broker.js';

const here = dirname(fileURLToPath(import.meta.url));
const partitions = 4;
const keys = 8;

interface Line {
  readonly type: string;
  readonly shard?: string;
}

/** A process of the group, and which partitions it has live. */
class Member {
  readonly live = new Set<string>();
  readonly #child: ChildProcess;

  constructor(file: object) {
    this.#child = spawn(process.execPath, [join(here, 'kafka-alert-worker.mjs'), JSON.stringify(file)], {
      env: { ...process.env, ENGRAM_ALERT_KEY: 'canary' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const { type, shard = '' } = JSON.parse(text) as Line;
      if (type === 'live') this.live.add(shard);
      if (type === 'dropped' || type === 'revoked') this.live.delete(shard);
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    this.#child.kill('SIGCONT');
    await gone;
    this.live.clear();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

const eventually = (condition: () => boolean) => expect.poll(condition, { timeout: 120_000, interval: 50 }).toBe(true);

/** What receivers were told, in order: each change of an alert, with the delivery it came in. */
function tellings(hook: Receiver): { readonly delivery: string; readonly alert: Alert }[] {
  return hook.asked
    .filter((asked) => hook.reply(asked) !== 'hang')
    .flatMap(({ headers, body }) => {
      const { alerts } = JSON.parse(body) as { alerts: Alert[] };
      return alerts.map((alert) => ({ delivery: String(headers['engram-delivery']), alert }));
    });
}

withBroker('alerts of a group of processes', ({ addresses, kafka, topic, unique }) => {
  beforeAll(() => {
    if (!process.env.ENGRAM_DIST) execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  }, 300_000);

  test.each(['folder', 'topic'])(
    'move with their partitions: killed, stopped and orderly moves lose none, tell each key in order, and keep ids (state in a %s)',
    async (place) => {
      const input = await topic('pumps', partitions);
      const group = unique('g');
      const hook = await Receiver.start();
      const state =
        place === 'folder' ? { folder: mkdtempSync(join(tmpdir(), 'engram-alert-move-')) } : { topic: unique('state') };
      const file = {
        ...{ kafka: { brokers: addresses() }, input, group, pipeline: watchful, state, oldBrokers: 'allow' },
        decode: { values: ['power'], time: 'at', timeFormat: 'epoch-ms' },
        alerts: {
          rules: [{ name: 'any', minAbsolute: 300 }],
          // A group per key: what is told of a key is told one after another.
          routes: [{ groupBy: ['key', 'rule'], waitMs: 0, intervalMs: 0, repeatMs: 0 }],
          queue: { backoffMs: { first: 50, most: 200 } },
          sinks: { ops: { webhook: { url: hook.url(), secret: { env: 'ENGRAM_ALERT_KEY' }, allow: hook.allow } } },
        },
        ...{ commitMs: 50, checkpointMs: 500, sessionTimeoutMs: 4000, heartbeatMs: 300 },
      };
      const start = Date.UTC(2026, 0, 1);
      /** Rows from one to another, of all keys; at row 300 and every 60 after it, each key has its turn to be strange. */
      const send = async (from: number, to: number): Promise<void> => {
        const rows = Array.from({ length: (to - from) * keys }, (_, i) => {
          const [n, k] = [from + Math.floor(i / keys), i % keys];
          const strange = n >= 300 && (n - 300) % 60 === 5 * k;
          const power = strange ? 90_000 + k : 100 + 10 * (n % 24) + ((n * 7919 + k) % 13) / 13;
          const value = JSON.stringify({ at: start + n * 60_000, power });
          return { partition: k % partitions, key: `pump-${k}`, value };
        });
        await produce(kafka(), input, rows);
        await drained(kafka(), group, input, 120_000);
      };
      /** Every change of an alert that was committed, the newest of each id. */
      const newest = async (): Promise<Map<string, Alert>> => {
        const rows = await readAll(kafka(), `${input}.alerts`, 1);
        return new Map(rows.map(({ value }) => JSON.parse(String(value)) as Alert).map((alert) => [alert.id, alert]));
      };
      const allTold = async (): Promise<void> => {
        const due = await newest();
        expect(due.size).toBeGreaterThan(0);
        await eventually(() => {
          const told = tellings(hook);
          return [...due].every(([id, { revision }]) =>
            told.some(({ alert }) => alert.id === id && alert.revision === revision),
          );
        });
      };
      const all = (member: Member) => eventually(() => member.live.size === partitions);
      const some = (member: Member) => eventually(() => member.live.size > 0 && member.live.size < partitions);

      const first = new Member(file);
      await all(first);
      const second = new Member(file);
      await some(second);
      await some(first);
      // Nobody listens while the first one dies: what it has queued is all on Kafka.
      hook.reply = () => 'hang';
      await send(0, 345);
      expect((await newest()).size).toBeGreaterThanOrEqual(keys);
      await first.end('SIGKILL');
      hook.server.closeAllConnections();
      hook.asked.length = 0;
      hook.reply = () => ({ status: 200 });
      await all(second);
      await allTold();

      // One that is stopped loses its partitions; when it wakes up it must not tell what others have told meanwhile.
      const third = new Member(file);
      await some(third);
      second.signal('SIGSTOP');
      await all(third);
      await send(345, 405);
      await allTold();
      const told = tellings(hook).length;
      second.signal('SIGCONT');
      await some(second);
      await allTold();
      expect(tellings(hook)).toHaveLength(told);

      // Orderly moves, there and back, with changes in between.
      await third.end('SIGTERM');
      await all(second);
      await send(405, 465);
      await allTold();
      await second.end('SIGTERM');
      const fourth = new Member(file);
      await all(fourth);
      const before = tellings(hook).length;
      await new Promise((resolve) => setTimeout(resolve, 2000));
      expect(tellings(hook)).toHaveLength(before);
      await fourth.end('SIGTERM');

      const lastOf = new Map<string, Alert>();
      const deliveryOf = new Map<string, string>();
      for (const { delivery, alert } of tellings(hook)) {
        const change = `${alert.id} ${alert.revision}`;
        // Again only as the same delivery.
        expect(deliveryOf.get(change) ?? delivery).toBe(delivery);
        deliveryOf.set(change, delivery);
        const last = lastOf.get(alert.key);
        if (last)
          expect(
            [alert.startsAt, alert.revision] >= [last.startsAt, last.revision] || alert.startsAt > last.startsAt,
          ).toBe(true);
        lastOf.set(alert.key, alert);
      }
      expect(lastOf.size).toBe(keys);
      await hook.close();
    },
    400_000,
  );
});
