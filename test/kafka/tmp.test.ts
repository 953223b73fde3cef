import { test } from 'vitest';
import { kafkaClient } from '../../connectors/kafka/client.js';
import kafkajs from 'kafkajs';
import { withBroker } from './with-broker.js';
import { clientOf } from './with-broker.js';
withBroker('x', ({ addresses, kafka, topic }) => {
  test('lz4', async () => {
    kafkaClient({ brokers: addresses() });
    const t = await topic('x');
    const p = kafka().producer(); await p.connect();
    await p.send({ topic: t, compression: kafkajs.CompressionTypes.LZ4, messages: Array.from({length: 300}, (_, i) => ({ value: `value ${i} `.repeat(20), partition: 0 })) });
    await p.disconnect();
    const c = kafka().consumer({ groupId: 'gg'+t, maxWaitTimeInMs: 100 });
    await c.connect(); await c.subscribe({ topic: t, fromBeginning: true });
    c.on(c.events.CRASH, (e) => console.log(e));
    c.on(c.events.END_BATCH_PROCESS, (e) => console.log(e.payload));
    await c.run({ eachBatch: async ({ batch }) => { console.log('batch', batch.messages.length, (batch as any).rawMessages.length, batch.firstOffset(), batch.highWatermark); } });
    await new Promise((r) => setTimeout(r, 3000));
    await c.disconnect();
  }, 20000);
  test('txn', async () => {
    const t = await topic('y');
    const client = kafka();
    const t0 = performance.now();
    const log = (s: string) => console.log(Math.round(performance.now() - t0), s);
    const ps = await Promise.all([0, 1, 2].map(async (i) => { const p = client.producer({ transactionalId: `${t}-${i}`, maxInFlightRequests: 1, retry: { initialRetryTime: 10 } }); await p.connect(); return p; }));
    log('connected');
    for (let r = 0; r < 2; r++) {
      const open = await Promise.all(ps.map((p) => p.transaction()));
      log('begun');
      for (let i = 0; i < 9; i++) { await open[i % 3].send({ topic: t, messages: [{ value: 'x', partition: 0 }] }); log('sent ' + i); }
      for (const [i, tr] of open.entries()) { if (i === 1) await tr.abort(); else await tr.commit(); log('ended'); }
    }
    await Promise.all(ps.map((p) => p.disconnect()));
  }, 60000);
});
