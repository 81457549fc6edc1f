import { serveReader } from './reader.ts';

/** Entry of the reader process. */
serveReader();
