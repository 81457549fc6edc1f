import type { CodedError } from '../../../contract/errors.ts';
import type { Admission } from '../../../dicom/network/negotiate.ts';
import type { Rate } from './rate.ts';
import type { Spool, Stored } from './spool.ts';

/** How long is waited, ms. */
export type Patience = {
  /** For the request of an association, and for the connection's end (PS3.8 9.1.4, the ARTIM timer). */
  readonly artimMs: number;
  /** For each next PDU as a whole. */
  readonly idleMs: number;
};

/** What one association is served with. */
export type Service = {
  readonly admission: Admission;
  readonly patience: Patience;
  readonly mostObjectBytes: number;
  readonly spool: Spool;
  readonly objects: Rate;
  /** Takes a place among the associations; null where all are taken. */
  readonly enter: () => (() => void) | null;
  readonly onStored: (stored: Stored) => void;
  /** Hears why an object or an association came to nothing, and of which AE title where that is allowed to call. */
  readonly onTrouble: (error: CodedError, title: string | null) => void;
};
