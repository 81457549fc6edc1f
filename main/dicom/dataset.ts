import dicomParser, { type Element } from 'dicom-parser';
import { CxrError } from '../../contract/errors.ts';
import { latin1, readFileMeta } from './file-meta.ts';
import type { TransferSyntax } from './syntaxes.ts';

/** Elements by tag in the parser's notation, `xggggeeee`. */
type Elements = Readonly<Record<string, Element>>;

export const pixelDataTag = 'x7fe00010';
const longestText = 1024;

/**
 * The elements in front of the pixel data, with typed access. It holds the whole file, patient data included, so it
 * stays inside main/dicom/read.ts.
 */
export class Dataset {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #elements: Elements;

  constructor(bytes: Uint8Array, elements: Elements) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#elements = elements;
  }

  element(tag: string): Element | null {
    const element = this.#elements[tag];
    return element === undefined || element.length === 0 ? null : element;
  }

  /** VR US (or the unsigned reading of SS); null when absent or empty. */
  unsigned(tag: string, index = 0): number | null {
    const at = this.#shortAt(tag, index);
    return at === null ? null : this.#view.getUint16(at, true);
  }

  signed(tag: string, index = 0): number | null {
    const at = this.#shortAt(tag, index);
    return at === null ? null : this.#view.getInt16(at, true);
  }

  /** First value of a text element, trimmed (PS3.5 6.2: padding is not significant). */
  text(tag: string): string | null {
    const element = this.element(tag);
    if (element === null || element.length > longestText) return null;
    const value = latin1(this.#bytes, element.dataOffset, element.length)
      .split('\\', 1)[0]
      ?.replace(/\0/g, ' ')
      .trim();
    return value === undefined || value === '' ? null : value;
  }

  /** First value of a decimal or integer string (PS3.5 6.2, DS and IS); NaN when it is not a number. */
  decimal(tag: string): number | null {
    const text = this.text(tag);
    if (text === null) return null;
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  }

  /** The first item of a sequence. */
  item(tag: string): Dataset | null {
    const elements = this.element(tag)?.items?.[0]?.dataSet?.elements;
    return elements === undefined ? null : new Dataset(this.#bytes, elements);
  }

  /** An element's bytes; null when absent, shorter when the file ends early. */
  bytes(tag: string): Uint8Array | null {
    const element = this.element(tag);
    return element === null
      ? null
      : this.#bytes.subarray(element.dataOffset, element.dataOffset + element.length);
  }

  #shortAt(tag: string, index: number): number | null {
    const element = this.element(tag);
    if (element === null || element.length < 2 * (index + 1)) return null;
    const at = element.dataOffset + 2 * index;
    return at + 2 <= this.#bytes.length ? at : null;
  }
}

/**
 * Parses everything in front of the pixel data.
 *
 * @throws CxrError 'dicom-not-dicom', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-unsupported' (nesting).
 */
export function parseDataset(bytes: Uint8Array): { dataset: Dataset; syntax: TransferSyntax } {
  const { syntax, offset } = readFileMeta(bytes);
  if (offset >= bytes.length) throw new CxrError('dicom-truncated', { part: 'data set' });
  const elements: Record<string, Element> = {};
  try {
    const stream = new dicomParser.ByteStream(dicomParser.littleEndianByteArrayParser, bytes, offset);
    const target = { elements, warnings: [], byteArray: bytes } as unknown as dicomParser.DataSet;
    const options = { untilTag: pixelDataTag };
    if (syntax.dataset === 'implicit') {
      dicomParser.parseDicomDataSetImplicit(target, stream, bytes.length, options);
    } else {
      dicomParser.parseDicomDataSetExplicit(target, stream, bytes.length, options);
    }
    if (stream.position > bytes.length) throw new CxrError('dicom-truncated', { part: 'data set' });
  } catch (thrown) {
    throw normalise(thrown);
  }
  return { dataset: new Dataset(bytes, elements), syntax };
}

/**
 * The parser throws strings and objects that hold the file's bytes. Nothing of them is kept, not even as `cause`.
 */
function normalise(thrown: unknown): CxrError {
  if (thrown instanceof CxrError) return thrown;
  // Thousands of nested sequences exhaust the stack; a radiograph has none deeper than a handful.
  if (thrown instanceof RangeError) return new CxrError('dicom-unsupported', { reason: 'nesting too deep' });
  const ranOut = typeof thrown === 'string' && /past end|overrun|overread|maxP ?osition/.test(thrown);
  return new CxrError(
    ranOut ? 'dicom-truncated' : 'dicom-not-dicom',
    ranOut ? { part: 'data set' } : { reason: 'data set' },
  );
}
