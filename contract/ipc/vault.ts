import { z } from 'zod';
import type { CodedError } from '../errors.ts';
import { fewestCustodians, mostCustodians } from './custodians.ts';

const passphrase = z.string().min(1).max(1_024);
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
const label = z.string().max(80);

/**
 * Everything that can be asked about keys. A key is named by its *fingerprint*, 64 hexadecimal digits. The window never
 * chooses a file: whoever passes a request on asks for the file with the system's own dialog.
 */
export const keyRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state') }),
  z.object({ kind: z.literal('unlock'), passphrase }),
  /**
   * Sets what opens the vault from now on. A passphrase of `null` removes it; `system` is for the system's keychain.
   */
  z.object({ kind: z.literal('protect'), passphrase: passphrase.nullable(), system: z.boolean() }),
  z.object({ kind: z.literal('create'), label }),
  z.object({
    kind: z.literal('export'),
    fingerprint,
    to: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('passphrase'), passphrase }),
      z.object({ kind: z.literal('addresses'), addresses: z.array(z.string().max(4_096)).min(1).max(100) }),
      /** For so many custodians: each gets a page to print, and any two of the pages open the key. */
      z.object({ kind: z.literal('shares'), of: z.int().min(fewestCustodians).max(mostCustodians) }),
    ]),
  }),
  /** Makes a recovery sheet: a page to print that holds the export with a passphrase. */
  z.object({ kind: z.literal('recovery'), fingerprint, passphrase }),
  /** Opens an export and says whose key it holds, without taking it in. */
  z.object({
    kind: z.literal('inspect'),
    passphrase: passphrase.nullable(),
    /** Asks for another share, beside the one that was chosen before. */
    isBeside: z.boolean().optional(),
  }),
  /** Takes in the key with this fingerprint, which somebody has compared, and puts it in the active key's place. */
  z.object({ kind: z.literal('import'), passphrase: passphrase.nullable(), fingerprint }),
  z.object({ kind: z.literal('rotate') }),
  z.object({ kind: z.literal('destroy'), fingerprint }),
  z.object({ kind: z.literal('verify') }),
  /** Asks how hard a passphrase is to guess, while somebody types it. */
  z.object({ kind: z.literal('judge'), passphrase }),
  /** Asks for a passphrase that nobody has to think up: six words drawn by chance, 66 bits. */
  z.object({ kind: z.literal('suggest') }),
  /** Asks for the address to which other workstations send keys. */
  z.object({ kind: z.literal('address') }),
]);
export type KeyRequest = z.infer<typeof keyRequestSchema>;
/** What a request asks for. */
export type KeyRequestKind = KeyRequest['kind'];

/** Why a key should be changed: it has decrypted many results, or it is years old. */
export type RotationReason = 'decryptions' | 'age';

/** What may be known of a key. Nothing in it helps to guess the key. */
export type KeySummary = {
  readonly fingerprint: string;
  /** The beginning of the fingerprint as six words, for people to compare. */
  readonly words: readonly string[];
  readonly label: string;
  /** Counts the keys of one vault; a rotation makes the next one. */
  readonly generation: number;
  /** ISO 8601. */
  readonly created: string;
  readonly origin: 'made' | 'imported';
  readonly state: 'active' | 'retired';
  /** How many results this key has decrypted. */
  readonly decryptions: number;
  /** The size of the evaluation keys that were made of it, bytes. It is null before they are made. */
  readonly evaluationKeyBytes: number | null;
  readonly due: RotationReason | null;
};

/** What the vault remembers of a key that was destroyed. */
export type DestroyedKey = {
  readonly fingerprint: string;
  readonly words: readonly string[];
  readonly label: string;
  readonly generation: number;
  readonly created: string;
  readonly destroyed: string;
  readonly decryptions: number;
};

/** What the window shows of the vault and its keys. */
export type KeyState = {
  /** True when keys outlive the process. */
  readonly kept: boolean;
  /** What opens the vault; empty where nothing is kept. */
  readonly opensWith: readonly ('system' | 'passphrase')[];
  readonly locked: boolean;
  /** Newest first. */
  readonly keys: readonly KeySummary[];
  readonly destroyed: readonly DestroyedKey[];
  /** The names of files of keys that were set aside, in the folder of the keys. */
  readonly setAside: readonly string[];
  /** The number of decryptions after which a key should be changed. */
  readonly budget: number;
  /** The age at which a key should be changed, days. */
  readonly longestDays: number;
  /** The predicted size of one upload of evaluation keys, bytes. */
  readonly uploadBytes: number;
};

/** Says whose key an export holds, and what taking it in would do. */
export type ImportFacts = {
  readonly key: Omit<KeySummary, 'state' | 'origin' | 'evaluationKeyBytes' | 'due'>;
  readonly parametersMatch: boolean;
  /** The active key that would be retired; null where there is none. */
  readonly replaces: KeySummary | null;
  readonly isKnown: boolean;
  /** The results that this workstation has counted for the key; null for one that it does not know. */
  readonly counted: number | null;
  /**
   * What guards the file. `hybrid` is age's ML-KEM-768 with X25519. `x25519` is age's older kind: it is only as strong as
   * X25519, so that whoever records the file today can open it once there are large quantum computers. `shares` are two
   * of several custodians.
   */
  readonly sealing: 'passphrase' | 'hybrid' | 'x25519' | 'shares';
};

/** The record of a destroyed key, for the files of whoever has to answer for it. */
export type DestructionProof = DestroyedKey & {
  readonly format: 'cipherfilm-destruction/1';
  /** SHA-256 of the vault's file before and after the destruction. The second file no longer holds the key. */
  readonly vaultBefore: string | null;
  readonly vaultAfter: string | null;
  /** Whether the evaluator has confirmed that it deleted the evaluation keys. */
  readonly evaluatorTold: boolean;
};

/** The result of a check: a known latent was encrypted, evaluated and decrypted, and compared with the known answer. */
export type KeyCheck = {
  readonly fingerprint: string;
  readonly evaluator: string;
  /** The largest difference of a logit from the known one. It is null when nothing readable came back. */
  readonly difference: number | null;
  readonly limit: number;
  readonly matches: boolean;
};

/** How hard a passphrase is to guess: a score from 0 to 4, and the least one that may protect a key. */
export type PassphraseJudgement = { readonly score: number; readonly expected: number };

/** What is replied to each kind of request. */
export type KeyReplyOf = {
  state: KeyState;
  unlock: KeyState;
  protect: KeyState;
  create: KeyState;
  /** `bytes` is the size of the file, or of all files together. */
  export: { readonly fingerprint: string; readonly bytes: number };
  recovery: { readonly fingerprint: string };
  inspect: ImportFacts;
  import: KeyState;
  rotate: KeyState;
  destroy: { readonly proof: DestructionProof; readonly state: KeyState };
  verify: KeyCheck;
  judge: PassphraseJudgement;
  suggest: { readonly passphrase: string };
  address: { readonly address: string };
};
/** The reply to any request. */
export type KeyReply = KeyReplyOf[KeyRequestKind];

/**
 * What a person chose for a request: a file to write or to read, several files for shares of one key, or the folder in
 * which shares are written. It is null for a request that needs none.
 */
export type ChosenPath = string | readonly string[] | null;

/** A request on its way to the engine, together with the file that a person chose for it. */
export type KeyCommand = {
  readonly kind: 'keys';
  readonly requestId: string;
  readonly request: KeyRequest;
  readonly path: ChosenPath;
  /**
   * With `unlock`: the 32 bytes that the keychain keeps, which an engine was not given that follows a locked one; null
   * where there is no keychain, and with every other request.
   */
  readonly systemKey: Uint8Array | null;
};

/** What the engine tells about keys. */
export type KeyEvent =
  | { readonly kind: 'keys-done'; readonly requestId: string; readonly reply: KeyReply }
  | { readonly kind: 'keys-failed'; readonly requestId: string; readonly error: CodedError }
  | { readonly kind: 'keys-progress'; readonly requestId: string | null; readonly fraction: number }
  /** The state changed. */
  | { readonly kind: 'keys-state'; readonly state: KeyState };
