import type { KeyReply } from '../../../contract/ipc/vault.ts';

/** What a command has to say: an object for programs, lines for people, and whether that is what was hoped for. */
export type Said = {
  readonly reply: KeyReply | { readonly file: string };
  readonly lines: readonly string[];
  readonly isGood?: boolean;
};
