import { describe, expect, it } from 'vitest';
import { parseKeyId } from '../../contract/ids/key-id.ts';
import type { Standing } from '../../contract/ipc/standing.ts';
import { adviceInWords, areLocked, standingInWords } from '../../renderer/lib/standing.ts';

const said = (standing: Standing, embedded = false) =>
  standingInWords({ standing, lock: 'open', evaluator: { url: 'https://he.example', embedded } });

describe('the status line', () => {
  it('says "ready" for one state alone', () => {
    const others: Standing[] = [
      { kind: 'starting' },
      { kind: 'connecting' },
      { kind: 'generating-keys', fraction: 1 },
      { kind: 'uploading-keys', fraction: 1 },
      { kind: 'trouble', error: { code: 'evaluator-unreachable', detail: { reason: 'timeout' } } },
    ];
    expect(said({ kind: 'ready', keyId: parseKeyId('0'.repeat(64)) })).toEqual({
      text: 'ready',
      mood: 'good',
    });
    for (const other of others) expect(said(other).text).toMatch(/^(not ready|cannot classify): /);
  });
  it('says that the keys are away while nobody is here, and tells when nothing goes on before they are unlocked', () => {
    const standing: Standing = { kind: 'trouble', error: { code: 'key-locked', detail: {} } };
    const evaluator = { url: 'https://he.example', embedded: false };
    expect(standingInWords({ standing, lock: 'away', evaluator })).toEqual({
      text: 'not ready: the keys left the memory while nobody was here',
      mood: 'under-way',
    });
    expect(areLocked({ standing, lock: 'open' })).toBe(true);
    expect(areLocked({ standing: { kind: 'starting' }, lock: 'locked' })).toBe(true);
    expect(areLocked({ standing: { kind: 'starting' }, lock: 'open' })).toBe(false);
  });
  it('says how far the keys are, and never that they leave for an evaluator on this machine', () => {
    expect(said({ kind: 'uploading-keys', fraction: 0.256 }).text).toBe(
      'not ready: sending evaluation keys, 26\u00a0%',
    );
    expect(said({ kind: 'uploading-keys', fraction: 0.256 }, true).text).not.toMatch(/send/);
  });
  it('says what to do, with the code where the advice of a note points to it', () => {
    const advice = (standing: Standing) => adviceInWords({ standing });
    expect(advice({ kind: 'connecting' })).toBeNull();
    expect(advice({ kind: 'trouble', error: { code: 'queue-full', detail: { got: 8, expected: 8 } } })).toBe(
      'Its queue is full. Wait a few minutes and try again.',
    );
    expect(advice({ kind: 'trouble', error: { code: 'internal', detail: {} } })).toMatch(/the code internal/);
  });
  it('names the trouble as every other place of the window does', () => {
    const trouble = said({ kind: 'trouble', error: { code: 'bundle-unknown', detail: {} } });
    expect(trouble.mood).toBe('bad');
    expect(trouble.text).toMatch(/^cannot classify: The evaluator .*[^.]$/);
    const full = said({ kind: 'trouble', error: { code: 'queue-full', detail: { got: 8, expected: 8 } } });
    expect(full).toEqual({ text: 'cannot classify: The evaluator is busy', mood: 'bad' });
  });
});
