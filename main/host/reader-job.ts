import type { CodedError } from '../../contract/errors.ts';
import type { Location, ReaderRequest, Scanned, SentSource, TakenImage } from '../../contract/ipc/reader.ts';

type ScanRequest = Extract<ReaderRequest, { kind: 'scan' }>;
/** What is asked of one file. */
export type FileRequest = Exclude<ReaderRequest, ScanRequest>;

/** Something that was asked and not answered yet; a new process is asked the same again. */
export type Job = { readonly id: string; readonly settle: PromiseWithResolvers<unknown> } & (
  | { readonly kind: 'file'; readonly request: FileRequest }
  | {
      readonly kind: 'scan';
      readonly sources: readonly SentSource[];
      readonly past: {
        readonly told: Map<string, TakenImage | null>;
        readonly condemned: Map<string, CodedError>;
      };
      readonly hear: (scanned: readonly Scanned[]) => void;
    }
);

/** What is asked, before it has an id. */
export type Asked = DistributiveOmit<Job, 'id' | 'settle'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The id of dropped bytes; the empty text, which is nobody's id, for a file. */
export const memoryId = (location: Location): string => (location.kind === 'memory' ? location.id : '');

/** The ids of the kept bytes that sources are about. */
export const keptOf = (sources: readonly SentSource[]): string[] =>
  sources.flatMap((source) => (source.kind === 'kept' ? [source.id] : []));

/** Lists the ids of the kept bytes that a job is about. */
export function keptIn(job: Job): string[] {
  return job.kind === 'scan' ? keptOf(job.sources) : [memoryId(job.request.location)];
}
