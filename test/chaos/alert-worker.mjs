// Hands alerts to a webhook until all are told; killed at any moment, the next one goes on where the last flush was.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlertFeed, alertSinks, Secret } from '../../dist/index.js';

const [folder, port, alerts] = process.argv.slice(2);
const sinks = {
  hook: alertSinks.webhook({ url: `http://127.0.0.1:${port}/`, secret: new Secret('s'), allow: [`127.0.0.1:${port}`] }),
  file: alertSinks.file({ path: join(folder, 'alerts.ndjson') }),
};
const routes = [{ groupBy: ['key'], waitMs: 0, intervalMs: 0 }];
const queue = { segmentBytes: 8192, backoffMs: { first: 5, most: 50 } };
const feed = await AlertFeed.open({ folder: join(folder, 'queues'), sinks, routes, queue, drainMs: 30_000 });
const note = join(folder, 'next');
process.stdout.write('begun\n');

const base = JSON.parse(readFileSync(join(folder, 'alert.json'), 'utf8'));
for (let i = existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0; i < Number(alerts); i++) {
  const timeMs = base.timeMs + i * 1000;
  const one = { ...base, id: `a${i}`, key: `k${i % 5}`, timeMs, source: { ...base.source, offset: i } };
  await feed.write([one, { ...one, revision: 2, status: 'resolved', endsAt: new Date(timeMs).toISOString() }]);
  if (i % 7 === 6) {
    // What a checkpoint does: first the outputs, then how far they are.
    await feed.flush();
    writeFileSync(`${note}.tmp`, String(i + 1));
    renameSync(`${note}.tmp`, note);
  }
}
await feed.close(true);
process.stdout.write('done\n');
