import type { MessageBoxOptions } from 'electron';

/** What would be interrupted if the program ended now. */
export type Unfinished = {
  /** The number of studies that are under way or wait for their turn. */
  readonly studies: number;
  /** True while something that was dropped is still being read. */
  readonly isReading: boolean;
  /** True when the list is kept on disk. */
  readonly isKept: boolean;
};

/** The place of "Quit" among the dialog's buttons. */
export const quitAnswer = 1;

/** Words the question whether to quit. @returns null when nothing is unfinished, so that nothing has to be asked. */
export function leavingQuestion({ studies, isReading, isKept }: Unfinished): MessageBoxOptions | null {
  if (studies === 0 && !isReading) return null;
  const one = studies === 1;
  const message = [
    studies === 0 ? '' : `${studies} ${one ? 'study is' : 'studies are'} not finished.`,
    isReading ? 'Dropped files are still being read.' : '',
  ];
  const kept = one
    ? 'It stays in the list and goes on at the next start.'
    : 'They stay in the list and go on at the next start.';
  const lost = 'The list is not kept on this machine. All studies in it are lost with their results.';
  const detail = [
    isKept ? (studies === 0 ? '' : kept) : lost,
    isReading ? 'Files that were not read yet have to be dropped again.' : '',
  ];
  return {
    type: 'question',
    title: 'Quit Cipherfilm?',
    message: message.filter(Boolean).join(' '),
    detail: detail.filter(Boolean).join(' '),
    buttons: ['Keep working', 'Quit'],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  };
}
