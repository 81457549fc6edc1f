/**
 * Fields that may appear in a log line. There is no free text: no body, header, address or key byte can get in.
 */
export type LogFields = {
  readonly method?: string;
  /** Pattern of the route, never the requested URL. */
  readonly route?: string;
  readonly status?: number;
  readonly code?: string;
  readonly jobId?: string;
  readonly keyId?: string;
  readonly bundle?: string;
  readonly state?: string;
  readonly bytes?: number;
  readonly ms?: number;
  readonly count?: number;
  readonly arithmetic?: string;
  /** Which kind of thing is damaged. */
  readonly kind?: 'evaluation keys' | 'record' | 'result' | 'input' | 'model';
};
export type LogEvent =
  | 'start'
  | 'stop'
  | 'request'
  | 'job'
  | 'key-stored'
  | 'key-refused'
  | 'key-evicted'
  | 'keys-loaded'
  | 'damaged'
  | 'worker-lost';
export type Log = (event: LogEvent, fields?: LogFields) => void;

const allowed = 'method route status code jobId keyId bundle state bytes ms count arithmetic kind'.split(' ');

/** Says nothing; the default. */
export const silentLog: Log = () => {};

/** One JSON line per event on `write`, holding only the allowed fields even if a caller passes more. */
export function createLog(write: (line: string) => void): Log {
  return (event, fields = {}) => {
    const kept = Object.entries(fields).filter(([name]) => allowed.includes(name));
    write(`${JSON.stringify({ time: new Date().toISOString(), event, ...Object.fromEntries(kept) })}\n`);
  };
}
