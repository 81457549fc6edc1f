const words = 'cipherfilm evaluator listening on ';
const loopback = /^http:\/\/127\.0\.0\.1:\d{1,5}$/;

/**
 * Writes the one line that an evaluator prints on its standard output: that it listens, and where. Whoever started it
 * as a process of its own learns the address, and a port that the system chose, from this line alone.
 *
 * @returns the line without its end.
 */
export const listeningLine = (url: string): string => `${words}${url}`;

/** Finds the address in such a line. It returns null for any other line, and for an address beyond this machine. */
export function addressIn(line: string): string | null {
  const url = line.startsWith(words) ? line.slice(words.length) : '';
  return loopback.test(url) ? url : null;
}
