import type { CodedError } from '../../contract/errors.ts';
import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { EngineInput } from '../../contract/stages.ts';
import type { Placed } from './entries.ts';
import type { OpenedStore } from './store.ts';

/** What the worklist needs of others. */
export type WorklistDeps = {
  /** Decodes an image and reduces it to what the engine is given. */
  readonly input: (location: Location, signal?: AbortSignal) => Promise<EngineInput>;
  readonly engine: {
    classify(analysisId: AnalysisId, input: EngineInput, asked: Digest | null): void;
    cancel(analysisId: AnalysisId): boolean;
  };
  /** Computes the same network on the same image in plaintext. It gives one logit and one probability per finding. */
  readonly recompute: (
    input: EngineInput,
  ) => Promise<{ readonly logits: readonly number[]; readonly probabilities: readonly number[] }>;
  /** Where studies are kept. It is null when nothing is kept beyond this run. */
  readonly store: OpenedStore | null;
  readonly tell: (event: WorklistEvent) => void;
  /** Hears of each study that has a new result. */
  readonly onResult?: (row: StudyRow) => void;
};

/** What the worklist tells: rows are new or have changed, a study was removed, or the list can or cannot be kept. */
export type WorklistEvent =
  | { readonly kind: 'rows'; readonly rows: readonly StudyRow[] }
  | { readonly kind: 'removed'; readonly id: string }
  | { readonly kind: 'keeping'; readonly problem: CodedError | null };

/** What came of images that were taken in. `touched` names the studies that they belong to. */
export type Added = Pick<Placed, 'known' | 'others'> & { readonly touched: readonly string[] };
