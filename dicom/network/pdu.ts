/**
 * A *protocol data unit* (PDU) is one message of DICOM's upper layer: a type, a length, and content (PS3.8 9.3). An
 * *association* is the conversation in which they are exchanged. It begins with a request that names both sides and
 * proposes *presentation contexts*: what is to be sent, and in which transfer syntaxes.
 */
export type Pdu =
  | ({ readonly kind: 'associate-request' } & AssociateRequest)
  | ({ readonly kind: 'associate-accept' } & AssociateAccept)
  | { readonly kind: 'associate-reject'; readonly rejection: Rejection }
  | { readonly kind: 'data'; readonly values: readonly PresentationValue[] }
  | { readonly kind: 'release-request' }
  | { readonly kind: 'release-reply' }
  | { readonly kind: 'abort'; readonly source: number; readonly reason: number };

/** The names of the two sides, *AE titles*: up to 16 characters each, without the blanks around them. */
export type Titles = { readonly called: string; readonly calling: string };

/** What the calling side proposes. `id` is odd, from 1 to 255. */
export type ProposedContext = {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
};
export type AssociateRequest = Titles & {
  readonly contexts: readonly ProposedContext[];
  /** The largest content of a data PDU that the calling side takes, bytes; 0 for any. */
  readonly maxLength: number;
};

/** What the called side says to a proposal (PS3.8 9.3.3.2). */
export const contextResults = {
  accepted: 0,
  refused: 1,
  noReason: 2,
  abstractSyntax: 3,
  transferSyntaxes: 4,
} as const;
/** The answer to one proposal. The transfer syntax counts only where `result` is 0. */
export type AnsweredContext = {
  readonly id: number;
  readonly result: number;
  readonly transferSyntax: string;
};
export type AssociateAccept = Titles & {
  readonly contexts: readonly AnsweredContext[];
  readonly maxLength: number;
};

/** Why an association is refused: the three numbers of PS3.8 table 9-21. */
export type Rejection = { readonly result: number; readonly source: number; readonly reason: number };
export const rejections = {
  callingTitle: { result: 1, source: 1, reason: 3 },
  calledTitle: { result: 1, source: 1, reason: 7 },
  protocol: { result: 1, source: 2, reason: 2 },
  /** For now only: more associations are open than are allowed. */
  busy: { result: 2, source: 3, reason: 2 },
} as const satisfies Readonly<Record<string, Rejection>>;

/** A piece of a command or of a data set, with the presentation context to which it belongs (PS3.8 annex E). */
export type PresentationValue = {
  readonly context: number;
  readonly isCommand: boolean;
  readonly isLast: boolean;
  readonly bytes: Uint8Array;
};

/** The type byte of each kind of PDU. */
export const pduTypes = {
  'associate-request': 1,
  'associate-accept': 2,
  'associate-reject': 3,
  data: 4,
  'release-request': 5,
  'release-reply': 6,
  abort: 7,
} as const satisfies Readonly<Record<Pdu['kind'], number>>;

/** DICOM's own name for what is spoken here (PS3.7 A.2.1). */
export const applicationContext = '1.2.840.10008.3.1.1.1';
/** Names this program as a writer of objects and a side of associations (PS3.7 D.3.3.2). Drawn once, at random. */
export const implementationClass = '2.25.178402311904727612640353370361190528197';
/** The same for people, at most 16 characters. */
export const implementationVersion = 'CIPHERFILM_1';

/** What is taken from the other side at most. Everything is checked before it is kept. */
export const pduLimits = {
  /** Content of an association's request or answer, bytes. One with 128 contexts of 16 syntaxes has 60 KB. */
  associate: 128 * 1024,
  contexts: 128,
  transferSyntaxes: 64,
  /** Content of a data PDU, bytes; the other side is told so. */
  data: 128 * 1024,
  values: 1024,
} as const;

/** Tells whether a text is a UID: numbers with dots between them, 64 characters at most (PS3.5 9.1). */
export const isUid = (text: string): boolean => text.length <= 64 && /^\d+(\.\d+)*$/.test(text);
/** Tells whether a text is an AE title: 1 to 16 printable characters without backslash, no blank around them. */
export const isTitle = (text: string): boolean => /^(?! )[\x20-\x5b\x5d-\x7e]{1,16}(?<! )$/.test(text);
