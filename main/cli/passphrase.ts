import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { CxrError } from '../../contract/errors.ts';
import { UsageError } from './usage-error.ts';

const mostBytes = 4_096;
/** Longest passphrase, characters, as in contract/ipc/vault.ts. */
const mostCharacters = 1_024;

/** Where a passphrase comes from: a file, or else whoever sits at the terminal. */
export type PassphraseSource = {
  /** `-` stands for standard input. */
  readonly file: string | undefined;
  /** The flag that names the file. */
  readonly flag: string;
  /** What is asked for. */
  readonly prompt: string;
  /** Whether it is a new one, which is asked for twice. */
  readonly isNew?: boolean;
};

/**
 * Reads a passphrase: the first line of a file, or what somebody types at the terminal, where it is not shown.
 *
 * @throws UsageError where there is neither file nor terminal, for an empty passphrase, and for two that differ.
 * @throws CxrError `file-unreadable`, `cancelled`.
 */
export async function readPassphrase(source: PassphraseSource): Promise<string> {
  const { file, flag, prompt, isNew } = source;
  if (file !== undefined) return checked(firstLine(file, flag));
  if (!isTerminal()) throw new UsageError(`${prompt}: there is no terminal to ask at; give ${flag}`);
  const passphrase = checked(await ask(`${prompt}: `, { isShown: false }));
  if (isNew === true && (await ask(`${prompt}, once more: `, { isShown: false })) !== passphrase)
    throw new UsageError('the two passphrases differ');
  return passphrase;
}

/** Tells whether there is somebody who can be asked. */
export const isTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

function checked(passphrase: string): string {
  if (passphrase === '') throw new UsageError('the passphrase is empty');
  if (passphrase.length > mostCharacters) throw new UsageError('the passphrase is too long');
  return passphrase;
}

function firstLine(file: string, flag: string): string {
  const bytes = Buffer.alloc(mostBytes);
  let length = 0;
  try {
    // Descriptor 0 is standard input; a path like /dev/fd/3 names another one.
    const descriptor = file === '-' ? 0 : openSync(file, 'r');
    try {
      warnOfReaders(descriptor, file, flag);
      for (let read = -1; read !== 0 && length < mostBytes; length += read)
        read = readSync(descriptor, bytes, length, mostBytes - length, null);
    } finally {
      if (descriptor !== 0) closeSync(descriptor);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CxrError('file-unreadable', { reason: code ?? 'read' }, { cause });
  }
  const [line = ''] = bytes.toString('utf8', 0, length).split(/\r?\n/);
  bytes.fill(0);
  return line;
}

function warnOfReaders(descriptor: number, file: string, flag: string): void {
  const facts = fstatSync(descriptor);
  if (process.platform === 'win32' || !facts.isFile() || (facts.mode & 0o077) === 0) return;
  process.stderr.write(`warning: others can read the file of ${flag}: chmod 600 ${file}\n`);
}

/**
 * Asks at the terminal. The question goes to standard error, so that standard output holds results only.
 *
 * @param isShown  whether what is typed is shown.
 * @throws CxrError `cancelled` for Ctrl-C and for the end of the input.
 */
export function ask(question: string, { isShown }: { readonly isShown: boolean }): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines: Interface = createInterface({
    input: process.stdin,
    output: isShown ? process.stderr : silent,
    terminal: true,
    historySize: 0,
  });
  // From here on the terminal itself shows nothing of what is typed.
  if (isShown) {
    lines.setPrompt(question);
    lines.prompt();
  } else process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      if (!isShown) process.stderr.write('\n');
      reject(new CxrError('cancelled'));
    });
  });
}
