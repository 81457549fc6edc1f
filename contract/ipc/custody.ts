/** Where the engine keeps keys. Passed to it once, by the process that can ask the system's keychain. */
export type Custody = {
  /** Folder of the vault; null: in memory only. */
  readonly folder: string | null;
  /** 32 bytes that the keychain keeps; null where there is none. */
  readonly systemKey: Uint8Array | null;
};

export const inMemory: Custody = { folder: null, systemKey: null };
