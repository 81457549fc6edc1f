/** What somebody may want to do about keys, in the words in which they would say it. */
export const taskNames = {
  'back up': {
    title: 'Back up',
    why: 'Save a page to print, so that the key survives the loss of this machine.',
  },
  share: {
    title: 'Move or share',
    why: 'Write a file with which another workstation can use the same key.',
  },
  'take in': {
    title: 'Take in a key',
    why: 'Use a key that another workstation has written, or one from a recovery sheet.',
  },
  change: {
    title: 'Change the key',
    why: 'Make a new key and retire this one, once a year or when somebody may have seen it.',
  },
  check: {
    title: 'Check the key',
    why: 'Ask the evaluator a question with a known answer, and see that it can be read.',
  },
  protect: {
    title: 'What opens the keys',
    why: 'Choose whether the keys open by themselves or with a passphrase.',
  },
  destroy: { title: 'Destroy a key', why: 'Delete a key for good, and keep a record of it.' },
  make: { title: 'Make a key', why: 'Make the first key of this workstation.' },
} as const;

export type TaskName = keyof typeof taskNames;

/** What can be done while there is a key in use, in the order in which it is usually wanted. */
export const usualTasks: readonly TaskName[] = [
  'back up',
  'share',
  'take in',
  'change',
  'check',
  'protect',
  'destroy',
];
/** What can be done while no key is in use. */
export const tasksWithoutKey: readonly TaskName[] = ['make', 'take in', 'protect', 'destroy'];
