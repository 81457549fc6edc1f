import {
  type AnsweredContext,
  type AssociateRequest,
  contextResults,
  isTitle,
  type ProposedContext,
  type Rejection,
  rejections,
} from './pdu.ts';
import {
  receivedClasses,
  receivedSyntaxes,
  uncompressedSyntaxes,
  verificationClass,
} from './storage-classes.ts';

/** Who may call. */
export type Admission = {
  /** Our own AE title; whoever calls another one is refused. */
  readonly title: string;
  /** The AE titles that may call. */
  readonly callers: ReadonlySet<string>;
};

/** A context that was agreed on: what is sent in it, and in which transfer syntax. */
export type AgreedContext = { readonly abstractSyntax: string; readonly transferSyntax: string };

/** The answer to a request for an association. */
export type Negotiated =
  | { readonly rejection: Rejection }
  | {
      readonly answers: readonly AnsweredContext[];
      readonly agreed: ReadonlyMap<number, AgreedContext>;
    };

/**
 * Answers a request for an association. It is refused where the titles do not fit. Where no proposal can be taken it is
 * open all the same, so that the calling side can say in its log what was not taken.
 */
export function negotiate(request: AssociateRequest, { title, callers }: Admission): Negotiated {
  if (request.called !== title) return { rejection: rejections.calledTitle };
  if (!isTitle(request.calling) || !callers.has(request.calling))
    return { rejection: rejections.callingTitle };
  const answers = request.contexts.map(answerTo);
  const agreed = new Map(
    request.contexts.flatMap(({ id, abstractSyntax }, index): [number, AgreedContext][] => {
      const { result, transferSyntax } = answers[index]!;
      return result === contextResults.accepted ? [[id, { abstractSyntax, transferSyntax }]] : [];
    }),
  );
  return { answers, agreed };
}

/** Takes the first syntax that can be read. The calling side names first the one in which it has the object. */
function answerTo({ id, abstractSyntax, transferSyntaxes }: ProposedContext): AnsweredContext {
  const isEcho = abstractSyntax === verificationClass;
  const first = transferSyntaxes[0]!;
  if (!isEcho && !receivedClasses.has(abstractSyntax))
    return { id, result: contextResults.abstractSyntax, transferSyntax: first };
  const known = isEcho ? uncompressedSyntaxes : receivedSyntaxes;
  const taken = transferSyntaxes.find((syntax) => known.has(syntax));
  return taken === undefined
    ? { id, result: contextResults.transferSyntaxes, transferSyntax: first }
    : { id, result: contextResults.accepted, transferSyntax: taken };
}
