import type { CodedError } from '../../contract/errors.ts';
import type { UnreachableReason } from '../../contract/unreachable.ts';
import { type ErrorText, errorTexts } from './error-text.ts';

const recheck = 'Then choose Try again.';
const restarting = `The program starts it again by itself; choose Try again. Note the code below and tell whoever looks after this installation.`;

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
    title: 'The connection to the evaluator was cut.',
    advice: 'Choose Try again. If it happens twice, ask whoever runs the network or the evaluator.',
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

/** The text of an error; where the evaluator was not reached, it says why. Errors kept by older versions have no reason. */
export function errorTextOf(error: CodedError): ErrorText {
  if (error.code !== 'evaluator-unreachable') return errorTexts[error.code];
  return unreachableTexts[error.detail.reason] ?? errorTexts[error.code];
}
