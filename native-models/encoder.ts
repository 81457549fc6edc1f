import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { checkRange, checkShape } from '../contract/check.ts';
import { CxrError } from '../contract/errors.ts';
import { filmKinds } from '../contract/image/film-check.ts';
import type { EncoderImage, Latent } from '../contract/stages.ts';

/** Channels, rows and columns of the latent; the image is 256×256. */
export const latentShape = [4, 32, 32] as const;
const imageSide = 256;
/** Anything larger is not a number that arithmetic can go on with; the bundle's own bound is stricter. */
const finite = Number.MAX_VALUE;

/** The VQGAN's encoder: 256×256 in [-1, 1] → un-quantised 4×32×32 latent. */
export type Encoder = {
  /** @throws CxrError 'latent-shape' or 'latent-range' when input or output is not what the type says. */
  readonly encode: (image: EncoderImage) => Promise<Latent>;
  readonly dispose: () => Promise<void>;
};

/** The VQGAN's decoder, the way back: used to show what a latent holds, never on decrypted data. */
export type Decoder = {
  readonly decode: (latent: Latent) => Promise<EncoderImage>;
  readonly dispose: () => Promise<void>;
};

/** Opens `client/encoder.onnx`: input `image` [1,1,256,256], output `latent` [1,4,32,32]. */
export async function openEncoder(path: string): Promise<Encoder> {
  const model = await openModel(path, 'encoder.onnx', 'image', 'latent');
  return {
    encode: async ({ values }) => {
      checkShape(values, [imageSide, imageSide], 'latent-shape');
      checkRange(values, 1, 'latent-range');
      const latent = await model.run(values, [1, 1, imageSide, imageSide], latentShape);
      return { shape: latentShape, values: latent };
    },
    dispose: model.dispose,
  };
}

/** Opens `client/decoder.onnx`: input `latent` [1,4,32,32], output `image` [1,1,256,256]. */
export async function openDecoder(path: string): Promise<Decoder> {
  const model = await openModel(path, 'decoder.onnx', 'latent', 'image');
  return {
    decode: async ({ values }) => {
      checkShape(values, latentShape, 'latent-shape');
      checkRange(values, finite, 'latent-range');
      const image = await model.run(values, [1, ...latentShape], [1, imageSide, imageSide]);
      return { side: imageSide, values: image };
    },
    dispose: model.dispose,
  };
}

/** Sees how a film lies and whether it shows a whole chest (contract/image/film-check.ts). */
export type FilmCheck = {
  /** Gives a probability to each of the film's kinds, in their order. Together they are 1. */
  readonly judge: (image: EncoderImage) => Promise<Float32Array>;
  readonly dispose: () => Promise<void>;
};

/** Opens `client/film-check.onnx`: input `image` [1,1,256,256], output `kinds` [1,11]. */
export async function openFilmCheck(path: string): Promise<FilmCheck> {
  const model = await openModel(path, 'film-check.onnx', 'image', 'kinds');
  return {
    judge: async ({ values }) => {
      checkShape(values, [imageSide, imageSide], 'latent-shape');
      checkRange(values, 1, 'latent-range');
      return model.run(values, [1, 1, imageSide, imageSide], [1, filmKinds.length]);
    },
    dispose: model.dispose,
  };
}

/** One input, one output. The only place that loads onnxruntime-node, and only when a model is opened. */
async function openModel(path: string, file: string, inputName: string, outputName: string) {
  const { InferenceSession: Session, Tensor: OrtTensor } = await loadRuntime();
  let session: InferenceSession;
  try {
    // One thread: the evaluator beside it may be using the other cores, and one image takes well under a second.
    session = await Session.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  } catch {
    throw new CxrError('bundle-invalid', { file, reason: 'not loadable' });
  }
  if (session.inputNames.join() !== inputName || session.outputNames.join() !== outputName) {
    await session.release();
    throw new CxrError('bundle-invalid', { file, reason: 'inputs or outputs' });
  }
  const run = async (values: Float32Array, shape: readonly number[], expected: readonly number[]) => {
    let output: Tensor | undefined;
    try {
      const input = new OrtTensor('float32', values, [...shape]);
      output = (await session.run({ [inputName]: input }))[outputName];
    } catch {
      // The runtime's message may quote values; the model's own shape is the usual reason.
      throw new CxrError('latent-shape', { file, reason: 'run', expected: shape });
    }
    if (output === undefined || !(output.data instanceof Float32Array)) {
      throw new CxrError('latent-shape', { file, reason: 'output type' });
    }
    checkShape(output.data, expected, 'latent-shape');
    checkRange(output.data, finite, 'latent-range');
    return output.data;
  };
  return { run, dispose: () => session.release() };
}

async function loadRuntime() {
  try {
    // The library reports its use to its maker, and keeps an id of the device, unless it is told not to before it loads.
    process.env.ORT_DISABLE_TELEMETRY = '1';
    const runtime = await import('onnxruntime-node');
    // CommonJS: named exports are on `default` under Node's own ESM loader.
    return 'InferenceSession' in runtime
      ? runtime
      : (runtime as unknown as { default: typeof import('onnxruntime-node') }).default;
  } catch {
    throw new CxrError('bundle-invalid', { file: 'onnxruntime-node', reason: 'not loadable' });
  }
}
