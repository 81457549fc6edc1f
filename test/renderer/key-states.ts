import type { DestroyedKey, KeyState, KeySummary } from '../../contract/ipc/vault.ts';

/** Keys and their states for tests of what the window shows. The words are made up: no fingerprint leads to them. */
export const keySummary = (changes: Partial<KeySummary> = {}): KeySummary => ({
  fingerprint: '3f9a'.repeat(16),
  words: ['amber', 'bridge', 'cactus', 'dolphin', 'engine', 'fabric'],
  label: 'Room 3',
  generation: 2,
  created: '2026-03-01T08:00:00.000Z',
  origin: 'made',
  state: 'active',
  decryptions: 1234,
  evaluationKeyBytes: 50_000_000,
  due: null,
  ...changes,
});

export const retiredKey = (): KeySummary =>
  keySummary({
    fingerprint: '71c2'.repeat(16),
    words: ['garden', 'hollow', 'island', 'jungle', 'kitten', 'lemon'],
    generation: 1,
    created: '2025-01-05T08:00:00.000Z',
    state: 'retired',
    decryptions: 60_210,
    evaluationKeyBytes: null,
  });

export const destroyedKey = (): DestroyedKey => ({
  fingerprint: 'd04e'.repeat(16),
  words: ['candle', 'dune', 'eagle', 'forest', 'galaxy', 'harbor'],
  label: '',
  generation: 1,
  created: '2024-01-05T08:00:00.000Z',
  destroyed: '2025-06-05T08:00:00.000Z',
  decryptions: 12,
});

export const keyState = (changes: Partial<KeyState> = {}): KeyState => ({
  kept: true,
  opensWith: ['system'],
  locked: false,
  keys: [keySummary()],
  destroyed: [],
  setAside: [],
  budget: 100_000,
  longestDays: 365,
  uploadBytes: 50_000_000,
  ...changes,
});
