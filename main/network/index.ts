import { serveNetwork } from './serve.ts';

/** Entry of the network process. */
serveNetwork();
