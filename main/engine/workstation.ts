import { join } from 'node:path';
import type { Connection } from '../../contract/connection.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openDecoder, openEncoder } from '../../native-models/encoder.ts';
import { connect } from '../connector/connector.ts';
import { Keyring } from './keyring.ts';
import type { Line, Models, Workstation } from './station.ts';

export type WorkstationOptions = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  readonly connection: Connection;
};

/** Opens the client half of a bundle with its encoder; keys are made when they are first needed. @throws CxrError. */
export async function openModels(bundleRoot: string, bundleName: string): Promise<Models> {
  const half = await openClientHalf(join(bundleRoot, bundleName));
  return {
    half,
    encoder: await openEncoder(half.encoderPath),
    decoder: await openDecoder(half.decoderPath),
    keyring: new Keyring(half),
  };
}

/** @throws CxrError as `connect`. */
export function openLine(connection: Connection): Line {
  const connector = connect(connection);
  return { connector, evaluator: { url: connector.url, embedded: connection.embedded } };
}

/** Models and a connection. @throws CxrError of bundle or URL. */
export async function openWorkstation(options: WorkstationOptions): Promise<Workstation> {
  const line = openLine(options.connection);
  return { ...(await openModels(options.bundleRoot, options.bundleName)), ...line };
}
