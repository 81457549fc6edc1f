import type { ErrorCode } from '../../contract/errors.ts';

/** What happened, and what the person at the workstation can do about it. */
export type ErrorText = { readonly title: string; readonly advice: string };

/** What to do where only somebody else can help. */
export const support = 'Note the code below and tell whoever looks after this installation.';

/** The texts of the codes about keys and their files, a part of the table in error-text.ts. */
export const keyErrorTexts = {
  'key-unknown': {
    title: 'This key is not on this workstation.',
    advice: 'Compare its six words with the list of keys. It may have been destroyed.',
  },
  'key-locked': {
    title: 'The keys are locked.',
    advice: `Enter the passphrase of this workstation’s keys. If it is not asked for, restart the program. ${support}`,
  },
  'key-passphrase': {
    title: 'The passphrase does not fit.',
    advice: 'Enter it again; capital letters and spaces count. A lost passphrase cannot be recovered.',
  },
  'key-passphrase-weak': {
    title: 'The passphrase is too easy to guess.',
    advice: 'Choose four or more words that do not belong together.',
  },
  'key-file-foreign': {
    title: 'This file is not a key.',
    advice: 'Choose the file that the other workstation exported.',
  },
  'key-file-version': {
    title: 'This key file was written by a newer version of the program.',
    advice: 'Ask whoever looks after this workstation to update it.',
  },
  'key-file-altered': {
    title: 'The key file is damaged, or somebody altered it.',
    advice: 'The key was not taken in. Have the file sent again, as an attachment.',
  },
  'key-file-costly': {
    title: 'Checking the passphrase of this file would take too long.',
    advice: 'Close other programs and try again. If it still fails, have the key exported again.',
  },
  'key-file-recipient': {
    title: 'This key was sent to another workstation.',
    advice: 'Send this workstation’s address to whoever has the key, and have it exported again.',
  },
  'key-address': {
    title: 'An address cannot be used.',
    advice: 'Copy the whole address from the other workstation. It begins with age1pq1.',
  },
  'key-vault': {
    title: 'The keys of this workstation cannot be opened.',
    advice: `Their file is damaged, or the system’s keychain was reset. Nothing was deleted. ${support}`,
  },
  'key-vault-busy': {
    title: 'Another window of the program is changing the keys.',
    advice: 'Wait a moment and try again. If it goes on, close the other window.',
  },
  'key-unsaved': {
    title: 'The change to the keys could not be saved.',
    advice: `The keys are as they were before. The disk may be full or write-protected. ${support}`,
  },
  'key-crypto': {
    title: 'The encryption of this installation does not work as it must.',
    advice: `Nothing is encrypted with it. Reinstall the program. ${support}`,
  },
} as const satisfies Readonly<Partial<Record<ErrorCode, ErrorText>>>;
