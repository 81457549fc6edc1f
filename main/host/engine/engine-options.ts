import type { EngineCommand, EngineEvent } from '../../../contract/ipc/engine.ts';
import type { AnalysisResult, Progress } from '../../../contract/stages.ts';
import type { Port } from '../port.ts';

export type EnginePort = Port<EngineCommand, EngineEvent>;
export type EngineStart = Extract<EngineCommand, { kind: 'start' }>;
/** Name and id of the bundle that an engine opened. */
export type OpenedBundle = Extract<EngineEvent, { kind: 'ready' }>['bundle'];

export type EngineHostOptions = {
  readonly launch: () => EnginePort;
  /** The first command; resolves when the evaluator's address is known. */
  readonly start: () => Promise<EngineStart>;
  readonly tell?: (event: EngineEvent | { readonly kind: 'stopped' }) => void;
  /**
   * How many engines in a row may die without having finished an analysis and be followed by another; 0 for none that is.
   * Default: no limit.
   */
  readonly restarts?: number;
};

/** What the asker of one analysis hears of it and may do about it. */
export type AnalysisWatch = {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
};

/** An analysis that somebody waits for. */
export type AwaitedAnalysis = {
  readonly onProgress: (progress: Progress) => void;
  readonly settle: PromiseWithResolvers<AnalysisResult>;
};

/** An engine that dies younger than this would die again: it is not restarted until somebody asks for something. */
export const infancyMs = 5_000;
/**
 * How long an engine may take to cancel an analysis that is awaited: long enough to stop its job at the evaluator, short
 * enough for whoever pressed Ctrl-C. A busy engine hears of it later.
 */
export const cancelMs = 300;
