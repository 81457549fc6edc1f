import type { AppStatus } from '../../contract/ipc/window.ts';
import type { Keys } from './keys.svelte.ts';
import type { TaskName } from './task-names.ts';

/** What every screen of the dialog about keys is given. */
export interface TaskProps {
  readonly keys: Keys;
  readonly title: string;
  /** What can open the keys without a passphrase. */
  readonly opensItself: AppStatus['opensItself'];
  /** Goes over to another screen of the dialog. */
  readonly onchoose: (task: TaskName) => void;
}
