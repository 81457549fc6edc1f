import { join } from 'node:path';
import type { Connection } from '../../contract/connection.ts';
import { type Custody, inMemory } from '../../contract/ipc/custody.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { openDecoder, openEncoder, openFilmCheck } from '../../native-models/encoder.ts';
import { connect } from '../connector/connector.ts';
import { Outbox } from '../connector/outbox.ts';
import { Keyring } from './keyring.ts';
import { VaultAccess } from './keys/vault-access.ts';
import type { Line, Models, Workstation } from './station.ts';

/** Says which bundle to open, and how the evaluator is reached. The bundle lies in `bundleRoot`/`bundleName`. */
export type WorkstationOptions = {
  readonly bundleRoot: string;
  readonly bundleName: string;
  readonly connection: Connection;
};

/**
 * Opens the client half of a bundle with its encoder and decoder. No keys are made or read yet.
 *
 * @param custody  where keys are kept, and what is under way with them.
 * @throws CxrError 'bundle-missing', 'bundle-invalid', 'bundle-digest', 'params-insecure', 'params-invalid'.
 */
export async function openModels(bundleRoot: string, bundleName: string, custody: Custody): Promise<Models> {
  const half = await openClientHalf(join(bundleRoot, bundleName));
  const access = new VaultAccess(custody);
  return {
    half,
    encoder: await openEncoder(half.encoderPath),
    decoder: await openDecoder(half.decoderPath),
    filmCheck: await openFilmCheck(half.filmCheckPath),
    access,
    keyring: new Keyring(half, access),
    outbox: new Outbox(custody.folder),
  };
}

/** Opens a connector to an evaluator. Nothing is sent yet. @throws CxrError as `connect` does. */
export function openLine(connection: Connection): Line {
  const connector = connect(connection);
  return { connector, evaluator: { url: connector.url, embedded: connection.embedded } };
}

/** Opens the models, with keys in memory, and a connector. @throws CxrError as `openModels` and `openLine` do. */
export async function openWorkstation(options: WorkstationOptions): Promise<Workstation> {
  const line = openLine(options.connection);
  return { ...(await openModels(options.bundleRoot, options.bundleName, inMemory)), ...line };
}
