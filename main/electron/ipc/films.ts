import { type IpcRendererEvent, ipcRenderer } from 'electron';
import { z } from 'zod';
import type { Film } from '../../../contract/image/film.ts';
import { parseFilmMessage } from '../../../contract/ipc/film.ts';
import type { Reply } from '../../../contract/ipc/window.ts';
import { filmChannel, requestChannel } from './channels.ts';

// The page's policy forbids code made from text, and would report zod's look at whether it may.
z.config({ jitless: true });

/** Longest time between main's answer and the film, ms; they come on two ways. */
const latestMs = 10_000;
const lost = { ok: false, code: 'reader-crashed', detail: {} } as const;

/**
 * The preload's end of the reader's channel. The page names an image; main decides where that is and has the reader
 * decode it; the film comes here with the ticket of the request. A film without one is dropped.
 */
export class Films {
  readonly #waiting = new Map<string, (reply: Reply<Film>) => void>();

  constructor() {
    ipcRenderer.on(filmChannel, (event: IpcRendererEvent) => this.#listen(event.ports[0]!));
    ipcRenderer.send(filmChannel);
  }

  async film(imageId: unknown): Promise<Reply<Film>> {
    const ticket = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<Reply<Film>>();
    this.#waiting.set(ticket, resolve);
    const reply: Reply<null> = await ipcRenderer.invoke(requestChannel('film'), { imageId, ticket });
    if (!reply.ok) this.#answer(ticket, reply);
    // The film was sent before main's answer, on another way.
    else setTimeout(() => this.#answer(ticket, lost), latestMs);
    return promise;
  }

  /** An earlier port may still bring what its reader sent; it ends with that reader. */
  #listen(port: IpcRendererEvent['ports'][number]): void {
    port.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      const message = parseFilmMessage(data);
      if (message !== null) this.#answer(message.ticket, { ok: true, value: message.film });
    });
    port.start();
  }

  #answer(ticket: string, reply: Reply<Film>): void {
    this.#waiting.get(ticket)?.(reply);
    this.#waiting.delete(ticket);
  }
}
