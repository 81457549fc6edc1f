import { ipcMain, MessageChannelMain, type WebContents } from 'electron';
import type { ReaderCommand, ReaderEvent } from '../../../contract/ipc/reader.ts';
import type { UtilityPort } from '../utility-port.ts';
import { filmChannel } from './channels.ts';
import { isOurPage } from './ipc.ts';

type Reader = UtilityPort<ReaderCommand, ReaderEvent>;

/**
 * Joins the reader and the window by a channel of their own, so that films pass main by. A new channel is made whenever
 * either side is new: a reader that was started, a page that was loaded.
 */
export class FilmChannel {
  #reader: Reader | null = null;
  #window: WebContents | null = null;

  /** Listens for a page that asks for its end. */
  serve(contents: WebContents): void {
    ipcMain.on(filmChannel, (event) => {
      if (!isOurPage(event, contents)) return;
      this.#window = contents;
      this.#join();
    });
  }

  /** A reader was started; what it is asked for from now on may be a film. */
  lead(reader: Reader): void {
    this.#reader = reader;
    this.#join();
  }

  #join(): void {
    if (this.#reader === null || this.#window === null || this.#window.isDestroyed()) return;
    const { port1, port2 } = new MessageChannelMain();
    this.#reader.hand({ kind: 'window' }, port1);
    this.#window.postMessage(filmChannel, null, [port2]);
  }
}
