// Runs a command for as long as another process lives: node guard.mjs OWNER_PID FOLDER COMMAND ARGS…
// So a broker shared by the files of one test run ends with that run, however it ends, and leaves nothing behind.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [owner, folder, command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: 'inherit' });
const alive = () => {
  try {
    process.kill(Number(owner), 0);
    return true;
  } catch {
    return false;
  }
};
let asked = false;
const timer = setInterval(() => {
  if (alive() || asked) return;
  asked = true;
  // A word first: what `docker run` began would outlive a call that is killed.
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), command === 'docker' ? 10_000 : 1000);
}, 250);
child.once('exit', () => {
  clearInterval(timer);
  if (alive()) return;
  const place = join(tmpdir(), `engram-broker-${owner}`);
  for (const path of [folder, place, `${place}.json`]) rmSync(path, { recursive: true, force: true });
});
