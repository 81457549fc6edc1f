import type { EngineInput, Radiograph } from '../contract/stages.ts';
import { cropped, exposedField } from './display/exposed-field.ts';
import { reduceToEncoderImage } from './display/reduce.ts';
import { toRadiograph } from './radiograph.ts';

/**
 * Decodes a DICOM file and reduces it to what the engine is given: an image of 256×256 of the field that X-rays drew, and a
 * few facts without patient data.
 *
 * @throws CxrError with a `dicom-…` code; never anything else for any bytes.
 */
export async function toInput(bytes: Uint8Array): Promise<EngineInput> {
  const started = performance.now();
  const radiograph = await toRadiograph(bytes);
  return { ...reduced(radiograph), decodeMs: performance.now() - started };
}

/** Reduces a radiograph that is decoded already. `decodeMs` is 0, because decoding took place elsewhere. */
export function reduced(radiograph: Radiograph): EngineInput {
  const { facts, content } = radiograph;
  const field = exposedField(radiograph);
  const isWhole = field.rows === radiograph.rows && field.columns === radiograph.columns;
  return {
    ...{ facts, content, field, decodeMs: 0 },
    image: reduceToEncoderImage(isWhole ? radiograph : cropped(radiograph, field)),
  };
}
