import type { Standing } from '../../contract/ipc/standing.ts';
import type { AppStatus, Receiving } from '../../contract/ipc/window.ts';
import { errorTextOf } from '../../contract/words/error-reason.ts';

/** The status line's word for how things stand, and whether it is good, bad or still under way. */
export type StandingWords = { readonly text: string; readonly mood: 'good' | 'bad' | 'under-way' };

const percent = (fraction: number): string => `${Math.round(100 * fraction)}\u00a0%`;

/**
 * Says in a few words whether a study could be classified now. "Ready" is said for the state `ready` alone; every other
 * state names what is still missing.
 */
export function standingInWords({
  standing,
  evaluator,
  lock,
}: Pick<AppStatus, 'standing' | 'evaluator' | 'lock'>): StandingWords {
  if (lock === 'away')
    return { text: 'not ready: the keys left the memory while nobody was here', mood: 'under-way' };
  return { text: textOf(standing, evaluator.embedded), mood: moodOf(standing) };
}

/** Tells whether nothing can be classified until the keys are unlocked. */
export const areLocked = ({ standing, lock }: Pick<AppStatus, 'standing' | 'lock'>): boolean =>
  lock !== 'open' || (standing.kind === 'trouble' && standing.error.code === 'key-locked');

function textOf(standing: Standing, embedded: boolean): string {
  switch (standing.kind) {
    case 'starting':
      return 'not ready: opening the model';
    case 'connecting':
      return 'not ready: asking the evaluator';
    case 'generating-keys':
      return `not ready: making keys, ${percent(standing.fraction)}`;
    case 'uploading-keys':
      return `not ready: ${embedded ? 'handing over' : 'sending'} evaluation keys, ${percent(standing.fraction)}`;
    case 'ready':
      return 'ready';
    case 'trouble':
      return `cannot classify: ${withoutStop(errorTextOf(standing.error).title)}`;
  }
}

/** What to do about trouble, in one line: where an advice points to "the code below", the code itself stands. */
export function adviceInWords({ standing }: Pick<AppStatus, 'standing'>): string | null {
  if (standing.kind !== 'trouble') return null;
  const { error } = standing;
  return errorTextOf(error).advice.replace('the code below', `the code ${error.code}`);
}

const moodOf = ({ kind }: Standing): StandingWords['mood'] =>
  kind === 'ready' ? 'good' : kind === 'trouble' ? 'bad' : 'under-way';

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');

/** How the keys are kept, in a few words; null before it is known. */
export function custodyInWords({
  opensWith,
  opensItself,
}: Pick<AppStatus, 'opensWith' | 'opensItself'>): string | null {
  if (opensWith === null) return null;
  if (opensWith.length === 0) return 'keys in memory only';
  if (!opensWith.includes('system')) return 'keys sealed by a passphrase';
  // A passphrase beside such a file guards nothing: whoever reads the file needs none.
  if (opensItself === 'file') return 'keys in files that only this account can read';
  return opensWith.length === 1
    ? 'keys sealed by the system’s keychain'
    : 'keys sealed by the system’s keychain and a passphrase';
}

/** Whether studies from elsewhere are taken in, in one sentence; null where that is off. */
export function receivingInWords(receiving: Receiving): string | null {
  if (receiving.kind === 'off') return null;
  if (receiving.kind === 'failed') return `Nothing is received: ${errorTextOf(receiving.error).title}`;
  const { title, port, watches, trouble } = receiving;
  const ways = [
    ...(title === null ? [] : [`studies are received as ${title}${port === null ? '' : ` on port ${port}`}`]),
    ...(watches ? ['a folder is watched'] : []),
  ];
  const last =
    trouble === null
      ? ''
      : trouble.code === 'network-refused'
        ? ' Somebody who may not send here, or called by another name, was turned away.'
        : ` Last trouble: ${errorTextOf(trouble).title}`;
  const sentence = ways.join(', and ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.${last}`;
}
