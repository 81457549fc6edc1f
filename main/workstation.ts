import { join } from 'node:path';
import { openClientHalf } from '../native-models/bundle.ts';
import { openDecoder, openEncoder } from '../native-models/encoder.ts';
import { connect } from './connector.ts';
import { Keyring } from './keyring.ts';
import type { Workstation } from './pipeline.ts';

export type WorkstationOptions = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  readonly evaluatorUrl: string;
  readonly embedded: boolean;
};

/** Opens the client half of a bundle, its encoder and a connection. @throws CxrError of bundle or URL. */
export async function openWorkstation(options: WorkstationOptions): Promise<Workstation> {
  const connector = connect(options.evaluatorUrl);
  const half = await openClientHalf(join(options.bundleRoot, options.bundleName));
  return {
    half,
    encoder: await openEncoder(half.encoderPath),
    decoder: await openDecoder(half.decoderPath),
    keyring: new Keyring(half),
    connector,
    evaluator: { url: connector.url, embedded: options.embedded },
  };
}
