import { describe, expect, it } from 'vitest';
import {
  actionOf,
  defaultKeys,
  holderOf,
  keyInWords,
  keyName,
  storedKeys,
  withKey,
} from '../../renderer/viewer/keymap.ts';

describe('keys', () => {
  const press = (
    key: string,
    held: Partial<Record<'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {},
  ) => ({
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...held,
  });
  it('are letters with or without Shift, signs as they are, and never the system’s', () => {
    expect(keyName(press('r'))).toBe('R');
    expect(keyName(press('R', { shiftKey: true }))).toBe('Shift+R');
    expect(keyName(press('?', { shiftKey: true }))).toBe('?');
    expect(keyName(press('r', { ctrlKey: true }))).toBeNull();
    expect(keyName(press('Tab'))).toBeNull();
  });
  it('do one thing each', () => {
    expect(actionOf(press('r'), defaultKeys)).toBe('turn-right');
    expect(actionOf(press('R', { shiftKey: true }), defaultKeys)).toBe('turn-left');
    const used = Object.values(defaultKeys);
    expect(new Set(used).size).toBe(used.length);
  });
  it('can be changed; whatever had the key before is left without one', () => {
    const keys = withKey(defaultKeys, 'invert', 'R');
    expect([keys.invert, keys['turn-right']]).toEqual(['R', '']);
  });
  it('tell who has one already', () => {
    expect(holderOf(defaultKeys, 'invert', 'R')).toBe('turn-right');
    expect(holderOf(defaultKeys, 'invert', 'I')).toBeNull();
    expect(holderOf(defaultKeys, 'invert', 'F9')).toBeNull();
  });
  it('stay with whoever got them, where an action came later that would have had one', () => {
    // Stored before there was a shutter, whose key is S.
    const keys = storedKeys(JSON.stringify({ invert: 'S' }));
    expect([keys.invert, keys.shutter]).toEqual(['S', '']);
    expect(actionOf(press('s'), keys)).toBe('invert');
  });
  it('are written as people read them', () => {
    expect(['+', 'Shift+R', 'ArrowUp', ''].map(keyInWords)).toEqual(['+', 'Shift R', '↑', '']);
  });
  it('are whole whatever was stored', () => {
    expect(storedKeys(JSON.stringify({ invert: 'Q', nonsense: 'x', fit: 7 }))).toEqual({
      ...defaultKeys,
      invert: 'Q',
    });
    expect(storedKeys('{')).toEqual(defaultKeys);
    expect(storedKeys('7')).toEqual(defaultKeys);
  });
});
