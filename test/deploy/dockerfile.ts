/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
  readonly line: number;
}

const known = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);

/** The instructions of a Dockerfile, lines that go on joined; throws where it is none, with the line. */
export function instructionsOf(text: string): Instruction[] {
  const found: Instruction[] = [];
  let open: Instruction | undefined;
  for (const [at, raw] of text.split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(raw)) continue;
    const goesOn = raw.trimEnd().endsWith('\\');
    const part = raw.trimEnd().replace(/\\$/, '').trim();
    const [, name = '', rest = ''] = open
      ? ['', open.name, `${open.rest} ${part}`]
      : (/^(\S+)\s+(.*)$/.exec(part) ?? []);
    open = { name: name.toUpperCase(), rest: rest.trim(), line: open?.line ?? at + 1 };
    if (goesOn) continue;
    check(open, found);
    found.push(open);
    open = undefined;
  }
  if (open) throw new Error(`line ${open.line}: the file ends in a line that goes on`);
  return found;
}

function check({ name, rest, line }: Instruction, before: readonly Instruction[]): void {
  if (!known.has(name)) throw new Error(`line ${line}: ${name} is no instruction`);
  if (before.length === 0 && name !== 'FROM' && name !== 'ARG') throw new Error(`line ${line}: expected FROM first`);
  const list = /(?:^|CMD )(\[.*\])$/.exec(rest)?.[1];
  if (list === undefined) return;
  try {
    JSON.parse(list);
  } catch (error) {
    // Docker would take it for a shell's line, and the shell would keep signals for itself.
    throw new Error(`line ${line}: ${name} ${rest} is no list: ${(error as Error).message}`);
  }
}
