import { z } from 'zod';
import type { CodedError } from '../errors.ts';

const passphrase = z.string().min(1).max(1_024);
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
const label = z.string().max(80);

/** Everything that can be asked about keys. Files are chosen by whoever passes the request on, never by the window. */
export const keyRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state') }),
  z.object({ kind: z.literal('unlock'), passphrase }),
  /** What opens the vault from now on; a passphrase `null` removes it. */
  z.object({ kind: z.literal('protect'), passphrase: passphrase.nullable(), system: z.boolean() }),
  z.object({ kind: z.literal('create'), label }),
  z.object({
    kind: z.literal('export'),
    fingerprint,
    to: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('passphrase'), passphrase }),
      z.object({ kind: z.literal('addresses'), addresses: z.array(z.string().max(4_096)).min(1).max(100) }),
    ]),
  }),
  /** A sheet of paper: the export with a passphrase, as a page to print. */
  z.object({ kind: z.literal('recovery'), fingerprint, passphrase }),
  /** Opens an export and says whose it is, without taking it in. */
  z.object({ kind: z.literal('inspect'), passphrase: passphrase.nullable() }),
  /** Takes in the key with this fingerprint, which somebody compared, and puts it in the active key's place. */
  z.object({ kind: z.literal('import'), passphrase: passphrase.nullable(), fingerprint }),
  z.object({ kind: z.literal('rotate') }),
  z.object({ kind: z.literal('destroy'), fingerprint }),
  z.object({ kind: z.literal('verify') }),
  /** The address to which other workstations send keys. */
  z.object({ kind: z.literal('address') }),
]);
export type KeyRequest = z.infer<typeof keyRequestSchema>;
export type KeyRequestKind = KeyRequest['kind'];

/** Why a key should be changed: many results, or years. */
export type RotationReason = 'decryptions' | 'age';

/** What may be known of a key. */
export type KeySummary = {
  readonly fingerprint: string;
  /** Its beginning as six words. */
  readonly words: readonly string[];
  readonly label: string;
  readonly generation: number;
  /** ISO 8601. */
  readonly created: string;
  readonly origin: 'made' | 'imported';
  readonly state: 'active' | 'retired';
  readonly decryptions: number;
  /** Evaluation keys made of it, bytes; null before they are. */
  readonly evaluationKeyBytes: number | null;
  readonly due: RotationReason | null;
};

export type DestroyedKey = {
  readonly fingerprint: string;
  readonly words: readonly string[];
  readonly label: string;
  readonly generation: number;
  readonly created: string;
  readonly destroyed: string;
  readonly decryptions: number;
};

export type KeyState = {
  /** Whether keys outlive the process, and what opens the vault. */
  readonly kept: boolean;
  readonly opensWith: readonly ('system' | 'passphrase')[];
  readonly locked: boolean;
  /** Newest first. */
  readonly keys: readonly KeySummary[];
  readonly destroyed: readonly DestroyedKey[];
  /** Decryptions after which a key is spent. */
  readonly budget: number;
  /** Of one upload, as predicted, bytes. */
  readonly uploadBytes: number;
};

/** Whose key an export holds, and what taking it in would do. */
export type ImportFacts = {
  readonly key: Omit<KeySummary, 'state' | 'origin' | 'evaluationKeyBytes' | 'due'>;
  readonly parametersMatch: boolean;
  /** The key that would be retired. */
  readonly replaces: KeySummary | null;
  readonly isKnown: boolean;
};

/** What a key that was destroyed leaves: for the file of whoever has to answer for it. */
export type DestructionProof = DestroyedKey & {
  readonly format: 'cipherfilm-destruction/1';
  /** SHA-256 of the vault's file before and after, of which the second no longer holds the key. */
  readonly vaultBefore: string | null;
  readonly vaultAfter: string | null;
  /** Whether the evaluator has confirmed that it deleted the evaluation keys. */
  readonly evaluatorTold: boolean;
};

/** How the encrypted known answer came back. */
export type KeyCheck = {
  readonly fingerprint: string;
  readonly evaluator: string;
  /** Largest difference of a logit from the known one, or null when nothing readable came back. */
  readonly difference: number | null;
  readonly limit: number;
  readonly matches: boolean;
};

export type KeyReplyOf = {
  state: KeyState;
  unlock: KeyState;
  protect: KeyState;
  create: KeyState;
  export: { readonly fingerprint: string; readonly bytes: number };
  recovery: { readonly fingerprint: string };
  inspect: ImportFacts;
  import: KeyState;
  rotate: KeyState;
  destroy: { readonly proof: DestructionProof; readonly state: KeyState };
  verify: KeyCheck;
  address: { readonly address: string };
};
export type KeyReply = KeyReplyOf[KeyRequestKind];

/** A request on its way to the engine, with the file that goes with it. */
export type KeyCommand = {
  readonly kind: 'keys';
  readonly requestId: string;
  readonly request: KeyRequest;
  /** To write, or to read. */
  readonly path: string | null;
};

export type KeyEvent =
  | { readonly kind: 'keys-done'; readonly requestId: string; readonly reply: KeyReply }
  | { readonly kind: 'keys-failed'; readonly requestId: string; readonly error: CodedError }
  | { readonly kind: 'keys-progress'; readonly requestId: string | null; readonly fraction: number }
  /** Told whenever it changed. */
  | { readonly kind: 'keys-state'; readonly state: KeyState };

/** Requests that take long enough to show progress; these can be cancelled. */
export const longRequests: readonly KeyRequestKind[] = ['create', 'rotate', 'verify'];
