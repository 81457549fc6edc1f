import { join } from 'node:path';
import { toCodedError } from '../../contract/errors.ts';
import type { RecomputeCommand, RecomputeEvent } from '../../contract/ipc/recompute.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openDecoder, openEncoder, openFilmCheck } from '../../native-models/encoder.ts';
import { openServerHalf } from '../../native-models/server-half.ts';
import { endAtOnce, openParentPort } from '../host/parent-port.ts';
import { clearLogits } from './clear-reference.ts';
import { toProbability } from './findings.ts';
import { admit } from './input-gate.ts';

/**
 * The process that computes an analysis in plaintext, for comparison with what came back encrypted. It takes the same
 * latent and the same compiled network, and has neither keys nor a connection. Its host ends it after one analysis,
 * because both halves of a model fill memory that nobody needs otherwise.
 */
const port = openParentPort<RecomputeCommand, RecomputeEvent>();
port.onCommand(async ({ bundleRoot, bundleName, input }) => {
  try {
    const folder = join(bundleRoot, bundleName);
    const client = await openClientHalf(folder);
    const server = await openServerHalf(folder);
    const codec = {
      encoder: await openEncoder(client.encoderPath),
      decoder: await openDecoder(client.decoderPath),
      filmCheck: await openFilmCheck(client.filmCheckPath),
    };
    // Through the gate as before encryption: it may have turned the film.
    const { latent } = await admit(input, codec, client);
    const logits = clearLogits(server, latent.values);
    port.send({
      kind: 'computed',
      logits: [...logits],
      probabilities: client.calibration.findings.map((finding, index) =>
        toProbability(logits[index]!, finding),
      ),
    });
  } catch (error) {
    port.send({ kind: 'failed', error: toCodedError(error) });
  }
});
port.onClose(endAtOnce);
