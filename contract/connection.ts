/** How the evaluator is reached. Passed to the engine; the window sees none of it but the address. */
export type Connection = {
  readonly url: string;
  /** The evaluator runs on this machine, started by this application. */
  readonly embedded: boolean;
  /** Access token that goes with every request; null where the evaluator asks for none. */
  readonly token: string | null;
  readonly proxy: ProxyChoice;
  readonly certificates: CertificateChoice;
};

/** `environment`: as HTTPS_PROXY and NO_PROXY say. Loopback addresses are always reached directly. */
export type ProxyChoice =
  | { readonly kind: 'direct' }
  | { readonly kind: 'environment' }
  | { readonly kind: 'at'; readonly url: string };

/** Whose certificates are trusted besides those that Node.js brings. */
export type CertificateChoice = {
  /** Those of the operating system. */
  readonly system: boolean;
  /** PEM text. */
  readonly extra: string | null;
};

/** What a look at an evaluator found. Nothing is encrypted or sent for it. */
export type Probe = {
  readonly version: string;
  /** Whether it offers the model that is open here. */
  readonly servesModel: boolean;
  readonly roundTripMs: number;
  /** Through a proxy, and under TLS. */
  readonly proxied: boolean;
  readonly tls: boolean;
  /** Largest set of evaluation keys that it takes, bytes. */
  readonly evaluationKeyBytes: number;
};
