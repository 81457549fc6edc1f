/**
 * Says where the engine keeps keys. The process that can ask the system's keychain passes it to the engine once. The
 * *vault* is the sealed file of keys (main/vault/vault.ts).
 */
export type Custody = {
  /** The folder of the vault. It is null where keys stay in memory only. */
  readonly folder: string | null;
  /** The 32 bytes that the keychain keeps. They are null where there is no keychain. */
  readonly systemKey: Uint8Array | null;
};

/** Keys live in the engine's memory and end with it. */
export const inMemory: Custody = { folder: null, systemKey: null };
