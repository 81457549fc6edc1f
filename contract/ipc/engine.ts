import type { Connection, Probe } from '../connection.ts';
import type { CodedError } from '../errors.ts';
import type { AnalysisId } from '../ids/analysis-id.ts';
import type { Digest } from '../ids/digest.ts';
import type { EngineInput } from '../stages.ts';
import type { AnalysisEvent } from './analysis-event.ts';
import type { Custody } from './custody.ts';
import type { Standing } from './standing.ts';
import type { KeyCommand, KeyEvent } from './vault.ts';

/**
 * What a host asks of the engine. The *engine* is the only process that holds a secret key (main/engine/index.ts). Its
 * *host* is the process that started it: the command line or the main process of the application. Messages go over
 * `process.parentPort` of an Electron utility process, or over `process.send` of a forked Node process with advanced
 * serialisation.
 */
export type EngineCommand =
  /**
   * The first message. `bundleRoot` is the folder of bundles, `bundleName` the folder inside it. With `keepsReady` the
   * keys are made and uploaded before the first analysis, and the evaluator is watched; otherwise nothing is sent
   * before somebody asks for something.
   */
  | {
      readonly kind: 'start';
      readonly bundleRoot: string;
      readonly bundleName: string;
      readonly connection: Connection;
      readonly keepsReady: boolean;
      readonly custody: Custody;
    }
  /** Uses another evaluator from the next analysis on. */
  | { readonly kind: 'connect'; readonly connection: Connection }
  /** Asks who answers at an evaluator's address. Nothing is analysed. */
  | { readonly kind: 'probe'; readonly probeId: string; readonly connection: Connection }
  /**
   * Begins an analysis, or queues it behind the one under way. `asked` is the digest of the question that an earlier
   * run sent for the same image, or null. Where the engine still has that question, it goes on from there.
   */
  | {
      readonly kind: 'classify';
      readonly analysisId: AnalysisId;
      readonly input: EngineInput;
      readonly asked: Digest | null;
    }
  | { readonly kind: 'cancel'; readonly analysisId: AnalysisId }
  | KeyCommand
  /** Stops a request that takes long: making a key, or checking it. */
  | { readonly kind: 'cancel-keys'; readonly requestId: string };

/** What the engine tells its host. */
export type EngineEvent =
  /** The bundle is open and the evaluator's address is usable. Analyses can begin. */
  | { readonly kind: 'ready'; readonly bundle: { readonly name: string; readonly id: string } }
  /**
   * The engine cannot serve, because the bundle is broken or the evaluator's address is refused. It stays up and
   * answers commands with this error.
   */
  | { readonly kind: 'unusable'; readonly error: CodedError }
  /** How things stand with the evaluator, told at each change by an engine that keeps ready. */
  | { readonly kind: 'standing'; readonly standing: Standing }
  | { readonly kind: 'probed'; readonly probeId: string; readonly found: Probe | CodedError }
  | KeyEvent
  | AnalysisEvent;
