// A receiver of webhooks: checks the signature over the bytes as they came, drops what it has seen, tells what is new.
//   ENGRAM_HOOK_KEY=secret node dist/examples/alert-receiver.js
// and in the section alerts of a pipeline:
//   {"webhook": {"url": "http://127.0.0.1:8123/", "secret": {"env": "ENGRAM_HOOK_KEY"}, "allow": ["127.0.0.1:8123"]}}
import { createServer } from 'node:http';
import { type Alert, readSecret, verifyWebhook } from '../index.js';

const secret = readSecret({ env: 'ENGRAM_HOOK_KEY' });
const seen = new Set<string>();

createServer(async (request, response) => {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part;
  if (!verifyWebhook(secret, request.headers, body)) {
    response.writeHead(401).end();
    return;
  }
  const { id, alerts } = JSON.parse(body) as { id: string; alerts: Alert[] };
  if (!seen.has(id))
    for (const { status, severity, key, summary } of alerts) console.log(status, severity, key, summary);
  seen.add(id);
  // Only now: what is not answered with 2xx comes again.
  response.writeHead(204).end();
}).listen(8123, '127.0.0.1');
