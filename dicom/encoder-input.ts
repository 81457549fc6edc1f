import type { EngineInput, Radiograph } from '../contract/stages.ts';
import { reduceToEncoderImage } from './display/reduce.ts';
import { toRadiograph } from './radiograph.ts';

/**
 * Decodes a DICOM file down to what the engine is given of it.
 *
 * @throws CxrError with a `dicom-…` code; never anything else for any bytes.
 */
export async function toInput(bytes: Uint8Array): Promise<EngineInput> {
  const started = performance.now();
  const radiograph = await toRadiograph(bytes);
  return { ...reduced(radiograph), decodeMs: performance.now() - started };
}

/** The same of a radiograph that is decoded already. */
export const reduced = (radiograph: Radiograph): EngineInput => ({
  facts: radiograph.facts,
  image: reduceToEncoderImage(radiograph),
  decodeMs: 0,
});
