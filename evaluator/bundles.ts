import { join } from 'node:path';
import type { BundleDescription } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import type { BundleId } from '../contract/ids/bundle-id.ts';
import type { Service } from '../contract/protocol.ts';
import { frameHeaderBytes } from '../he/wire/frame.ts';
import { payloadFloors, payloadLimits } from '../he/wire/sizes.ts';
import { listBundles, readDescription } from '../native-models/bundle.ts';

/** Largest payloads of one bundle, bytes; a frame adds `frameHeaderBytes`. */
export type PayloadLimits = {
  readonly evaluationKeys: number;
  readonly input: number;
  readonly result: number;
};

/** Smallest payloads that honest keys or an honest input of one bundle can have, bytes. */
export type PayloadFloors = Pick<PayloadLimits, 'evaluationKeys' | 'input'>;

/** A bundle whose server half lies in `folder`; weights are opened by the workers alone. */
export type ServedBundle = {
  readonly id: BundleId;
  readonly folder: string;
  readonly description: BundleDescription;
  readonly limits: PayloadLimits;
  readonly floors: PayloadFloors;
};
export type Bundles = ReadonlyMap<BundleId, ServedBundle>;

/**
 * Reads the description of every bundle below a folder. The weights stay on the disk until a worker opens them.
 *
 * @throws CxrError `bundle-missing` when the folder holds no bundle, `bundle-invalid` when one is broken.
 */
export async function readBundles(root: string): Promise<Bundles> {
  const served = new Map<BundleId, ServedBundle>();
  for (const name of await listBundles(root)) {
    const folder = join(root, name);
    const { id, description } = await readDescription(folder);
    const [limits, floors] = [payloadLimits(description), payloadFloors(description)];
    served.set(id, { id, folder, description, limits, floors });
  }
  if (served.size === 0) throw new CxrError('bundle-missing', { got: 0, expected: 'at least one bundle' });
  return served;
}

/** Finds a bundle by its id. @throws CxrError `bundle-unknown` for one that is retired or was never here. */
export function findBundle(bundles: Bundles, id: BundleId): ServedBundle {
  const bundle = bundles.get(id);
  if (bundle === undefined) throw new CxrError('bundle-unknown', { bundle: id });
  return bundle;
}

/**
 * Refuses a payload that is smaller than any that the bundle's parameters allow.
 *
 * @throws CxrError `frame-malformed`.
 */
export function refuseBelowFloor(got: number, expected: number): void {
  if (got < expected) throw new CxrError('frame-malformed', { field: 'payload length', got, expected });
}

/** Largest whole frame of each kind over all bundles, bytes: what may be refused before anything is read. */
export function frameLimits(
  bundles: Bundles,
): Pick<Service['limits'], 'evaluationKeyBytes' | 'inputBytes' | 'resultBytes'> {
  const largest = (kind: keyof PayloadLimits) =>
    frameHeaderBytes + Math.max(...[...bundles.values()].map((bundle) => bundle.limits[kind]));
  return {
    evaluationKeyBytes: largest('evaluationKeys'),
    inputBytes: largest('input'),
    resultBytes: largest('result'),
  };
}
