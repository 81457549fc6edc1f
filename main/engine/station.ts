import type { ClientHalf } from '../../native-models/client-half.ts';
import type { Decoder, Encoder, FilmCheck } from '../../native-models/encoder.ts';
import type { Connector } from '../connector/connector.ts';
import type { Outbox } from '../connector/outbox.ts';
import type { Keyring } from './keyring.ts';
import type { VaultAccess } from './keys/vault-access.ts';

/** The client half of a bundle, opened, with the keys that fit it and what is under way with them. */
export type Models = {
  readonly half: ClientHalf;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly filmCheck: FilmCheck;
  readonly access: VaultAccess;
  readonly keyring: Keyring;
  readonly outbox: Outbox;
};
/** The evaluator in use. Another one may take its place while the models stay open. */
export type Line = {
  readonly connector: Connector;
  readonly evaluator: { readonly url: string; readonly embedded: boolean };
};
/** Everything that one analysis needs. */
export type Workstation = Models & Line;
