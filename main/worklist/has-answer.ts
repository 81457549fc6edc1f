import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { stagesWithAnswer } from '../../contract/stages.ts';

/** Tells whether the engine had the evaluator's answer to a study's question, by the stages that the study reached. */
export const hasAnswer = ({ seen }: Pick<StudyRow, 'seen'>): boolean =>
  seen.some((stage) => stagesWithAnswer.has(stage));
