/**
 * Says how the evaluator is reached. The main process passes it to the engine. The window sees only the address in it.
 */
export type Connection = {
  readonly url: string;
  /** True when this application started the evaluator on this machine. */
  readonly embedded: boolean;
  /** The access token that goes with every request. It is null where the evaluator asks for none. */
  readonly token: string | null;
  readonly proxy: ProxyChoice;
  readonly certificates: CertificateChoice;
};

/**
 * Says through which proxy requests go. `direct` uses none. `environment` follows the variables HTTPS_PROXY and
 * NO_PROXY. `at` uses the proxy with this address. Loopback addresses are always reached directly.
 */
export type ProxyChoice =
  | { readonly kind: 'direct' }
  | { readonly kind: 'environment' }
  | { readonly kind: 'at'; readonly url: string };

/** Says whose certificates are trusted besides those that Node.js brings. */
export type CertificateChoice = {
  /** True to trust the authorities that the operating system trusts. */
  readonly system: boolean;
  /** Further certificates as PEM text; null for none. */
  readonly extra: string | null;
};

/** What a probe of an evaluator found. A probe asks who answers; no image is encrypted or sent for it. */
export type Probe = {
  readonly version: string;
  /** True when the evaluator offers the model that is open on this workstation. */
  readonly servesModel: boolean;
  readonly roundTripMs: number;
  /** True when the request went through a proxy. */
  readonly proxied: boolean;
  /** True when the connection was encrypted with TLS. */
  readonly tls: boolean;
  /** The largest set of evaluation keys that the evaluator takes, bytes. */
  readonly evaluationKeyBytes: number;
};
