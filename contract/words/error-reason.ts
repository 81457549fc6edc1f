import type { CodedError, DetailOf } from '../errors.ts';
import type { OrientationName } from '../image/orientation.ts';
import type { UnreachableReason } from '../unreachable.ts';
import { type ErrorText, errorTexts, support } from './error-text.ts';

const recheck = 'Then try again.';
const restarting = `The program starts it again by itself; try again. ${support}`;

/** One text per reason of contract/unreachable.ts, in place of the text of `evaluator-unreachable`. */
export const unreachableTexts: Readonly<Record<UnreachableReason, ErrorText>> = {
  'connection refused': {
    title: 'The evaluator cannot be reached: nothing listens at its address.',
    advice: `Ask whoever runs the evaluator to start it, or correct the port of its address. ${recheck}`,
  },
  'name not found': {
    title: 'The evaluator cannot be reached: its name is not known.',
    advice: `Check the evaluator’s address in the settings, and whether this workstation is on the network. ${recheck}`,
  },
  timeout: {
    title: 'The evaluator cannot be reached: it did not answer in time.',
    advice: `A firewall may stand between, or the evaluator is overloaded. Ask whoever runs the network. ${recheck}`,
  },
  'connection lost': {
    title: 'The evaluator cannot be reached: the connection was cut.',
    advice: 'Try again. If it happens twice, ask whoever runs the network or the evaluator.',
  },
  'no route': {
    title: 'The evaluator cannot be reached: the network knows no way to it.',
    advice: `Check the network cable, the wireless network or the VPN of this workstation. ${recheck}`,
  },
  tls: {
    title: 'The evaluator cannot be reached: no secure connection could be agreed on.',
    advice: 'Its address may point to something that does not speak https. Check the address and its port.',
  },
  gateway: {
    title: 'The evaluator cannot be reached: what stands in front of it says that it is away.',
    advice: `Ask whoever runs the evaluator to start it. ${recheck}`,
  },
  'not started': { title: 'The evaluator on this machine could not be started.', advice: restarting },
  ended: { title: 'The evaluator on this machine ended unexpectedly.', advice: restarting },
  silent: { title: 'The evaluator on this machine did not come up in time.', advice: restarting },
  other: {
    title: 'The evaluator cannot be reached.',
    advice: 'Check the network and the evaluator’s address, then try again.',
  },
};

/** Texts for a file of settings as a whole, in place of the text of `setting-invalid`. */
const brokenFiles: Readonly<Record<string, ErrorText>> = {
  'policy.json': {
    title: 'The policy of this workstation cannot be used.',
    advice: 'Nothing is sent until it is mended. Tell whoever runs this workstation the code below.',
  },
  'config.json': {
    title: 'Your own file of settings cannot be used.',
    advice: 'Nothing is sent until it is mended. Choose the evaluator again in the settings.',
  },
};

/** How to bring a film upright that lies so. */
const turns: Readonly<Record<OrientationName, string>> = {
  upright: '',
  'turned left': 'Turn it to the right by 90 degrees',
  'upside down': 'Turn it by 180 degrees',
  'turned right': 'Turn it to the left by 90 degrees',
  mirrored: 'Exchange left and right, unless the heart lies on the right',
  'mirrored and turned left': 'Turn it to the right by 90 degrees, then exchange left and right',
  'mirrored and upside down': 'Exchange above and below',
  'mirrored and turned right': 'Turn it to the left by 90 degrees, then exchange left and right',
};

function turnedText({ reason, isCertain }: DetailOf<'input-turned'>): ErrorText {
  // A heart on the right side looks the same, so that it is never told as a fact.
  if (reason === 'mirrored')
    return {
      title: 'The film looks mirrored, and the file does not say so.',
      advice:
        'If it is, exchange left and right where it is stored, or have it done here. If the heart of this patient lies on the right, the model cannot judge the film: it was not taught on such films. Nothing was sent.',
    };
  return {
    title: `The film ${isCertain ? 'is' : 'seems to be'} ${reason}, and the file does not say so.`,
    advice: `${turns[reason]} where it is stored, and load it again.${isCertain ? ' Or have it turned here.' : ''} Nothing was sent.`,
  };
}

const exposureTitles: Readonly<Record<DetailOf<'input-exposure'>['reason'], (percent: number) => string>> = {
  flat: (percent) =>
    `The film has too little contrast: it uses ${percent} % of the range from black to white.`,
  white: (percent) => `The film is overexposed: ${percent} % of it are plain white.`,
  black: (percent) => `The film is underexposed or mostly empty: ${percent} % of it are plain black.`,
};

/** Texts of what the input gate refused, by what it saw; null where the common text says it. */
function gateText(error: CodedError): ErrorText | null {
  const common = errorTexts[error.code];
  if (error.code === 'input-turned') return turnedText(error.detail);
  if (error.code === 'input-exposure')
    return { ...common, title: exposureTitles[error.detail.reason](Math.round(error.detail.got * 100)) };
  if (error.code === 'input-size' && error.detail.reason === 'narrow')
    return { ...common, title: 'The image is too long and narrow for a chest film.' };
  if (error.code === 'input-unlike-chest' && error.detail.reason === 'inverted')
    return {
      title: 'Black and white are exchanged in the film.',
      advice: 'Have it exported with white bones on black lungs, and load it again. Nothing was sent.',
    };
  return null;
}

/** "2, 3 or 5": the pages of a set that may come to the one that is there. */
function otherPages({ number, of }: DetailOf<'key-share-missing'>): string {
  const others = Array.from({ length: of }, (_, index) => index + 1).filter((other) => other !== number);
  return `${others.slice(0, -1).join(', ')} or ${others.at(-1)}`;
}

const keychainsFile: ErrorText = {
  title: 'No passphrase opens this file.',
  advice:
    'It holds the keys of a workstation whose system’s keychain sealed them. Take a recovery sheet or a key file instead.',
};
const pictureFile: ErrorText = {
  title: 'This is a picture or a PDF, not the text that a key is.',
  advice:
    'Read the code with a barcode scanner into an empty text file, or copy the text on the sheet from its first letter to its last.',
};
const noVault: ErrorText = {
  title: 'No keys are kept here.',
  advice:
    'Their file was removed, or none was made yet. Take the key in from a recovery sheet or a key file.',
};
const emptyKeyFile: ErrorText = {
  title: 'This file is empty.',
  advice: 'Scan the code, or paste the text, and save the file before you choose it.',
};

/**
 * The text of an error. It says why the evaluator was not reached, and which file of settings is broken. Errors that
 * older versions kept have no reason.
 */
export function errorTextOf(error: CodedError): ErrorText {
  const common = errorTexts[error.code];
  const refused = gateText(error);
  if (refused !== null) return refused;
  if (error.code === 'evaluator-unreachable') return unreachableTexts[error.detail.reason] ?? common;
  if (error.code === 'setting-invalid') return brokenFiles[error.detail.file ?? ''] ?? common;
  if (error.code === 'key-locked' && error.detail.reason === 'another keychain') return keychainsFile;
  if (error.code === 'key-file-foreign' && error.detail.got === 0) return emptyKeyFile;
  if (error.code === 'key-file-foreign' && error.detail.is === 'picture') return pictureFile;
  if (error.code === 'key-vault' && error.detail.reason === 'missing') return noVault;
  if (error.code === 'key-share-missing')
    return {
      title: `This is page ${error.detail.number} of ${error.detail.of}; one more page is needed.`,
      advice: `Ask another of the colleagues who hold them, and choose page ${otherPages(error.detail)} too.`,
    };
  return common;
}
