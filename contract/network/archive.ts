import type { CertificateChoice } from '../connection.ts';

/** A certificate of our own and its key, as PEM texts. */
export type OwnCertificate = { readonly certificate: string; readonly key: string };

/** TLS as the calling side: whom it trusts, and what it shows where it is asked who it is. */
export type ClientTls = { readonly trust: CertificateChoice; readonly own: OwnCertificate | null };

/** An archive, or whoever else takes objects by C-STORE. */
export type RemoteEntity = {
  /** Its AE title. */
  readonly title: string;
  readonly host: string;
  readonly port: number;
  /** Null where it does not speak TLS. */
  readonly tls: ClientTls | null;
};

/** How somebody shows who they are. */
export type Login =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string };

/** An archive that speaks DICOMweb (PS3.18). */
export type WebArchive = {
  /** The address of its service, to which `/studies` is added. */
  readonly url: string;
  readonly login: Login | null;
  readonly trust: CertificateChoice;
  /** How long is waited for an answer, and for each next piece of it, ms. Default: a minute. */
  readonly waitMs?: number;
};

/** Where objects are sent: to an entity by C-STORE, or to a DICOMweb service by STOW-RS. */
export type ArchivePlace =
  | { readonly kind: 'dimse'; readonly remote: RemoteEntity }
  | { readonly kind: 'web'; readonly archive: WebArchive };
