import { type CodedError, CxrError, toCodedError } from '../../../contract/errors.ts';
import type { RemoteEntity } from '../../../contract/network/archive.ts';
import { isKept } from '../../../dicom/network/command.ts';
import { type ProposedContext, pduLimits } from '../../../dicom/network/pdu.ts';
import { uncompressedSyntaxes, verificationClass } from '../../../dicom/network/storage-classes.ts';
import { Association, type Caller } from './association.ts';
import { lookAtObject, type ObjectFile, piecesOf } from './object-file.ts';

/** What became of a file: null when the other side has kept it, the reason otherwise. */
export type Delivery = { readonly path: string; readonly error: CodedError | null };

/**
 * Asks an archive by C-ECHO whether it is there and knows us.
 *
 * @throws CxrError as `Association.open`, and 'network-status'.
 */
export async function echo(remote: RemoteEntity, caller: Caller): Promise<void> {
  const transferSyntaxes = [...uncompressedSyntaxes];
  const proposal = { id: 1, abstractSyntax: verificationClass, transferSyntaxes };
  await using association = await Association.open(remote, caller, [proposal]);
  await association.echo(1, verificationClass);
  await association.release();
}

/**
 * Sends DICOM files by C-STORE in one association, each in the transfer syntax in which it is. One that is refused costs the
 * others nothing; when the connection is lost, those that are left have that reason.
 *
 * @param onKept  hears of each file as soon as the other side has said that it keeps it.
 * @returns       what became of each, in their order. It does not throw.
 */
export async function storeFiles(
  paths: readonly string[],
  remote: RemoteEntity,
  caller: Caller,
  onKept: (object: ObjectFile) => void = () => {},
): Promise<readonly Delivery[]> {
  const errors = new Map<string, CodedError | null>();
  const objects: ObjectFile[] = [];
  for (const path of paths)
    await lookAtObject(path).then(
      (object) => objects.push(object),
      (error: unknown) => errors.set(path, toCodedError(error)),
    );
  if (objects.length > 0)
    await storeObjects(objects, remote, caller, (object, error) => {
      errors.set(object.path, error);
      if (error === null) onKept(object);
    });
  return paths.map((path) => ({ path, error: errors.get(path) ?? null }));
}

async function storeObjects(
  objects: readonly ObjectFile[],
  remote: RemoteEntity,
  caller: Caller,
  tell: (object: ObjectFile, error: CodedError | null) => void,
): Promise<void> {
  const left = [...objects];
  try {
    await using association = await Association.open(remote, caller, contextsFor(objects));
    for (let object = left[0]; object !== undefined; object = left[0]) {
      const error = await storeObject(object, association);
      left.shift();
      tell(object, error);
    }
    // All are kept; how the other side takes its leave changes nothing.
    await association.release().catch(() => {});
  } catch (error) {
    const coded = toCodedError(error);
    for (const object of left) tell(object, coded);
  }
}

/** @throws CxrError when the association is over; a refusal of the object is returned. */
async function storeObject(object: ObjectFile, association: Association): Promise<CodedError | null> {
  let context: number;
  try {
    context = association.contextOf(object.sopClass, object.transferSyntax);
  } catch (error) {
    return toCodedError(error);
  }
  const { sopClass, sopInstance } = object;
  const status = await association.store(
    context,
    { sopClass, sopInstance },
    piecesOf(object.path, object.dataOffset),
  );
  return isKept(status) ? null : new CxrError('network-status', { protocol: 'DIMSE', status }).coded;
}

/** One proposal for each kind of object in each syntax, so that what is accepted is what we have. */
function contextsFor(objects: readonly ObjectFile[]): ProposedContext[] {
  const pairs = new Map(
    objects.map(({ sopClass, transferSyntax }) => [
      `${sopClass} ${transferSyntax}`,
      { sopClass, transferSyntax },
    ]),
  );
  return [...pairs.values()].slice(0, pduLimits.contexts).map(({ sopClass, transferSyntax }, index) => ({
    id: 2 * index + 1,
    abstractSyntax: sopClass,
    transferSyntaxes: [transferSyntax],
  }));
}
