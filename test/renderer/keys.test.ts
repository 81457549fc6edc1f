import { describe, expect, it } from 'vitest';
import { identiconOf } from '../../contract/image/identicon.ts';
import type { Standing } from '../../contract/ipc/standing.ts';
import {
  addressesIn,
  changeInWords,
  checkInWords,
  confirmsDestruction,
  keyButtonWords,
  looksLikeAddress,
  placeInWords,
  strengthWords,
  takingInWords,
} from '../../renderer/keys/key-words.ts';
import { taskNames, tasksWithoutKey, usualTasks } from '../../renderer/keys/task-names.ts';
import { keyState, keySummary, retiredKey } from './key-states.ts';

describe('the picture of a fingerprint', () => {
  const picture = (digits: string) => identiconOf('0'.repeat(32) + digits.padEnd(32, '0'));
  it('fills the fields that the bits say, and mirrors them', () => {
    // 0x0001: bit 0 is row 0, column 0, and its mirror is column 4. 0x4000: bit 14 is row 4, column 2, the middle.
    expect(picture('0001').cells).toEqual([
      { column: 0, row: 0 },
      { column: 4, row: 0 },
    ]);
    expect(picture('4000').cells).toEqual([{ column: 2, row: 4 }]);
    // 15 bits for 25 fields: the highest of the 16 draws nothing.
    expect(picture('7fff').cells).toHaveLength(25);
    expect(picture('8000').cells).toEqual([]);
  });
  it('takes its colour from the digits after those', () => {
    // 0x80 of 256 is half of 360 degrees.
    expect(picture('000080').hue).toBe(180);
    expect(picture('0000ff').hue).toBe(359);
  });
  it('is the same each time, and another for a key that shares the six words', () => {
    const { fingerprint } = keySummary();
    expect(identiconOf(fingerprint)).toEqual(identiconOf(fingerprint));
    expect(identiconOf(`${fingerprint.slice(0, 32)}${'5b'.repeat(16)}`)).not.toEqual(
      identiconOf(fingerprint),
    );
  });
});

describe('the words on a key', () => {
  it('say where it is kept, and what opens it', () => {
    const place = (opensWith: ('system' | 'passphrase')[], custody: 'keychain' | 'file' = 'keychain') =>
      placeInWords(keyState({ opensWith }), custody);
    expect(place(['system'])).toMatch(/by itself, with this system’s keychain\.$/);
    expect(place(['system'], 'file')).toMatch(/for whoever can read this account’s files\.$/);
    expect(place(['passphrase'])).toMatch(/It opens with the passphrase\.$/);
    expect(place(['system', 'passphrase'])).toMatch(/keychain, or with the passphrase\.$/);
    expect(placeInWords(keyState({ kept: false, opensWith: [] }), 'nothing')).toMatch(
      /gone when the program ends/,
    );
  });
  it('say when it is to be changed', () => {
    const limits = { longestDays: 365, budget: 100_000 };
    const created = '2026-03-01T08:00:00.000Z';
    // 365 days after 1 March 2026: no 29 February lies between.
    expect(changeInWords({ due: null, created }, limits)).toBe(
      'By 1 Mar 2027, or earlier if it nears 100,000 results.',
    );
    for (const due of ['age', 'decryptions'] as const)
      expect(changeInWords({ due, created }, limits)).toMatch(/^Now: /);
  });
  it('name every score of a passphrase', () => {
    expect(strengthWords).toHaveLength(5);
  });
});

describe('the button about keys', () => {
  it('names what is to be done first', () => {
    const words = (standing: Standing) => keyButtonWords({ standing, lock: 'open' });
    const trouble = (code: 'key-locked' | 'key-none' | 'key-vault') =>
      words({ kind: 'trouble', error: { code, detail: {} } });
    expect([trouble('key-locked'), trouble('key-none'), trouble('key-vault')]).toEqual([
      'Unlock the keys',
      'Make a key',
      'Keys',
    ]);
    expect(words({ kind: 'trouble', error: { code: 'key-spent', detail: { got: 100_000 } } })).toBe(
      'Change the key',
    );
    expect(words({ kind: 'starting' })).toBe('Keys');
  });
});

describe('a destruction', () => {
  const { words } = keySummary();
  it.each(['amber bridge', '  Amber   BRIDGE ', 'amber\tbridge'])('is confirmed by “%s”', (typed) => {
    expect(confirmsDestruction(typed, words)).toBe(true);
  });
  it.each(['', 'amber', 'bridge amber', 'amber bridge cactus', 'amberbridge'])('is not by “%s”', (typed) => {
    expect(confirmsDestruction(typed, words)).toBe(false);
  });
  it('is not confirmed for a key without words', () => {
    expect(confirmsDestruction('', [])).toBe(false);
    expect(confirmsDestruction('amber undefined', ['amber'])).toBe(false);
  });
});

describe('addresses that are pasted', () => {
  it('are told apart by lines, blanks and commas, and count once', () => {
    expect(addressesIn(' age1pq1a\nage1pq1b, age1pq1a;\r\n')).toEqual(['age1pq1a', 'age1pq1b']);
    expect(addressesIn(' \n')).toEqual([]);
    expect(['age1pq1qz3', 'age1tw2', 'room', '12', 'AGE1PQ1QZ', 'age1'].map(looksLikeAddress)).toEqual([
      ...[true, true, false, false, false, false],
    ]);
  });
});

describe('a key that is to be taken in', () => {
  const facts = {
    key: retiredKey(),
    parametersMatch: true,
    replaces: null,
    isKnown: false,
    counted: null,
    sealing: 'passphrase' as const,
  };
  it('is said to replace the one in use, by its words', () => {
    expect(takingInWords({ ...facts, replaces: keySummary() })).toContain(
      'amber bridge cactus dolphin engine fabric',
    );
    // A restored backup does not know what was decrypted since; a later file of the key does.
    const later = { ...facts, isKnown: true, counted: 3, key: { ...facts.key, decryptions: 4 } };
    expect(takingInWords(later)).toContain('4 would count');
    expect(takingInWords({ ...later, counted: 4 })).toBeNull();
    expect(takingInWords(facts)).toBe('This key would be the one in use here.');
    expect(takingInWords({ ...facts, replaces: keySummary(), isKnown: true })).toMatch(
      /^This key is on this/,
    );
  });
  it('changes nothing when it is the one in use', () => {
    expect(takingInWords({ ...facts, isKnown: true })).toBeNull();
  });
});

describe('a check of the key', () => {
  const check = { fingerprint: '', evaluator: '', limit: 0.02, difference: 0.001, matches: true };
  it('is told in one sentence, with the numbers where it failed', () => {
    expect(checkInWords(check)).toMatch(/^The key fits/);
    expect(checkInWords({ ...check, matches: false, difference: 3.21 })).toMatch(
      /differs by 3\.2, and 0\.020 is/,
    );
    expect(checkInWords({ ...check, matches: false, difference: null })).toMatch(/could not be read/);
  });
});

describe('the tasks', () => {
  it('are each reachable', () => {
    expect(new Set([...usualTasks, ...tasksWithoutKey])).toEqual(new Set(Object.keys(taskNames)));
  });
});
