import { mkdir, open, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from './disk.js';

/** Who holds a folder: a process of a machine, and when the system says that it began, where the system tells. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly began: string;
}

/** The folder is held by another run that is still alive. */
export class FolderHeld extends Error {
  override readonly name = 'FolderHeld';
}

const fileName = 'lock';
/** A holder on another machine counts as dead when it has not touched its lock for so long. */
const silentMs = 60_000;
const touchMs = 15_000;

/**
 * Holds a folder until the returned function is called, or this process dies: a lock whose process is gone is taken over.
 * Throws `FolderHeld` while another one is alive.
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, fileName);
  await mkdir(folder, { recursive: true });
  const me: Holder = { host: hostname(), pid: process.pid, began: await beganOf(process.pid) };
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(JSON.stringify(me));
      await file.close();
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = await readHolder(path);
    if (holder && (await isAlive(holder, me.host, path))) {
      throw new FolderHeld(
        `${folder}: expected a state folder that no other run works on, process ${holder.pid} on ${holder.host} does: ` +
          `stop it, or name another folder. If it is no run of engram, remove ${path}.`,
      );
    }
    await unlink(path).catch(() => {});
  }
  const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), touchMs).unref();
  return async () => {
    clearInterval(touch);
    await unlink(path).catch(() => {});
  };
}

/** What a lock says; undefined when it is gone or was cut off while it was written. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function isAlive(holder: Holder, host: string, path: string): Promise<boolean> {
  if (holder.host !== host) {
    const touched = await stat(path).catch(() => undefined);
    return touched !== undefined && Date.now() - touched.mtimeMs < silentMs;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  // The number may have been given to another process since, or be a dead one that nobody has waited for.
  return holder.began === (await beganOf(holder.pid));
}

/** When a process began, in the system's ticks; empty where the system does not tell, `dead` once it has ended. */
async function beganOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'dead' : (fields[19] ?? '');
}
