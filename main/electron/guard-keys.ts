import { powerMonitor } from 'electron';
import type { Custody } from '../../contract/ipc/custody.ts';
import type { KeyLockState } from '../../contract/ipc/window.ts';
import type { EngineHost } from '../host/engine/engine-host.ts';
import { IdleWatch } from '../host/keys/idle-watch.ts';
import { KeyLock } from '../host/keys/key-lock.ts';

/** What decides when the keys leave the memory. */
export type GuardOptions = {
  readonly engine: Pick<EngineHost, 'replace' | 'keys'>;
  readonly custody: () => Custody;
  readonly setAside: () => string;
  /** Whether a vault is on the disk. */
  readonly isKept: () => boolean;
  /** How long nobody may be seen; 0 for no limit. */
  readonly limitMinutes: () => number;
  readonly isBusy: () => boolean;
  readonly changed: (state: KeyLockState) => void;
};

/** The lock, and the way to say that somebody is at the window. */
export type KeyGuard = { readonly lock: KeyLock; readonly seen: () => void };

/** Locks the keys when nobody is there, which is also while the system's screen is locked or the machine sleeps. */
export function guardKeys({ limitMinutes, isBusy, ...deps }: GuardOptions): KeyGuard {
  const lock = new KeyLock(deps);
  // The engine may be gone for good; there is nothing to lock then.
  const leave = () => void lock.nobodyIsThere().catch(() => {});
  const watch = new IdleWatch({ limitMinutes, isBusy, onIdle: leave });
  const leaveAtOnce = () => {
    if (limitMinutes() > 0 && !isBusy()) leave();
  };
  powerMonitor.on('lock-screen', leaveAtOnce);
  powerMonitor.on('suspend', leaveAtOnce);
  return {
    lock,
    seen: () => {
      watch.seen();
      void lock.somebodyCame().catch(() => {});
    },
  };
}
