import { type IpcMainInvokeEvent, ipcMain, type WebContents } from 'electron';
import { CxrError, toCodedError } from '../../../contract/errors.ts';
import {
  type Reply,
  type ReplyOf,
  type RequestName,
  type RequestOf,
  requestSchemas,
} from '../../../contract/ipc/window.ts';
import { appOrigin } from '../window/app-protocol.ts';
import { requestChannel } from './channels.ts';

/** The function that answers each request of the window. It may throw; the window then gets the error's code. */
export type Answers = {
  readonly [N in RequestName]: (request: RequestOf<N>) => ReplyOf[N] | Promise<ReplyOf[N]>;
};

/** Answers the window's requests from now on. `contents` is the one window that may ask. */
export function answerWindow(contents: WebContents, answers: Answers): void {
  for (const name of Object.keys(requestSchemas) as RequestName[]) handle(contents, name, answers[name]);
}

/**
 * Registers one request. The sender must be the top frame of our window at our origin, and the request must fit its
 * schema. The reply is a value or a code, never an exception, because Electron would pass on the exception's message.
 */
function handle<N extends RequestName>(contents: WebContents, name: N, answer: Answers[N]): void {
  ipcMain.handle(requestChannel(name), async (event, raw): Promise<Reply<ReplyOf[N]>> => {
    try {
      checkSender(event, contents);
      const parsed = requestSchemas[name].safeParse(raw);
      if (!parsed.success) {
        throw new CxrError('request-invalid', { path: parsed.error.issues[0]?.path.join('.') ?? '' });
      }
      return { ok: true, value: await answer(parsed.data as RequestOf<N>) };
    } catch (error) {
      return { ok: false, ...toCodedError(error) };
    }
  });
}

function checkSender(event: IpcMainInvokeEvent, contents: WebContents): void {
  if (!isOurPage(event, contents)) throw new CxrError('request-invalid', { reason: 'sender' });
}

/** Whether a message comes from the top frame of our window, at our origin. */
export function isOurPage(
  { sender, senderFrame }: Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>,
  contents: WebContents,
): boolean {
  if (sender !== contents || senderFrame === null || senderFrame !== contents.mainFrame) return false;
  // `origin` of a custom standard scheme is exact; comparing URLs by prefix would let app://cipherfilm.evil pass.
  return senderFrame.origin === appOrigin;
}
