import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IdleWatch } from '../../../../main/host/keys/idle-watch.ts';

describe('the watch for idle time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const minutes = (count: number) => vi.advanceTimersByTime(count * 60_000);

  function watch(limit = 10) {
    const state = { limit, busy: false, idle: 0 };
    const made = new IdleWatch({
      limitMinutes: () => state.limit,
      isBusy: () => state.busy,
      onIdle: () => {
        state.idle += 1;
      },
    });
    return { state, made };
  }

  it('tells once that nobody was there, counted from the last time that somebody was', () => {
    const { state, made } = watch();
    minutes(9);
    made.seen();
    minutes(9);
    expect(state.idle).toBe(0);
    minutes(2);
    expect(state.idle).toBe(1);
    made[Symbol.dispose]();
    minutes(60);
    expect(state.idle).toBe(1);
  });

  it('does not count time with work under way, nor any time where there is no limit', () => {
    const { state } = watch();
    state.busy = true;
    minutes(60);
    state.busy = false;
    minutes(9);
    expect(state.idle).toBe(0);
    state.limit = 0;
    minutes(60);
    expect(state.idle).toBe(0);
    // The limit is asked at each look: a setting may change.
    state.limit = 5;
    minutes(1);
    expect(state.idle).toBe(1);
  });

  it('tells of a sleep at the first touch after it, though its timers slept too', () => {
    const { state, made } = watch();
    vi.setSystemTime(Date.now() + 3_600_000);
    made.seen();
    expect(state.idle).toBe(1);
    made.seen();
    expect(state.idle).toBe(1);
  });
});
