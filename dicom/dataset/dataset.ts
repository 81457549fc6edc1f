import dicomParser, { type Element } from 'dicom-parser';
import { CxrError } from '../../contract/errors.ts';
import { maxPixels } from '../image.ts';
import { swapWords } from './byte-order.ts';
import { inflateDataset } from './deflate.ts';
import { latin1, readFileMeta } from './file-meta.ts';
import type { TransferSyntax } from './syntaxes.ts';

/** The elements by their tag in the parser's notation: `x`, four digits of the group and four of the element. */
type Elements = Readonly<Record<string, Element>>;

/** Which byte of a number comes first in the data set (PS3.5 7.3). */
type ByteOrder = 'little' | 'big';

/** The tag of Pixel Data (7FE0,0010). */
export const pixelDataTag = 'x7fe00010';
const longestText = 1024;
/** Largest data set that is inflated, bytes: the largest image at 16 bits and as much again as a header may have. */
const maxInflatedBytes = 2 * maxPixels + 16 * 1024 * 1024;

/**
 * Gives typed access to the elements in front of the pixel data. A *data set* is DICOM's list of elements, each of
 * which has a tag, a value representation (VR, the type of its value) and bytes. A tag is written as `xggggeeee`.
 *
 * @remarks It holds the whole file with its patient data, so it never leaves dicom/. Only read.ts, which drops those
 *          data, leads to the engine.
 */
export class Dataset {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #elements: Elements;
  readonly #byteOrder: ByteOrder;

  constructor(bytes: Uint8Array, elements: Elements, byteOrder: ByteOrder) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#elements = elements;
    this.#byteOrder = byteOrder;
  }

  /** Returns an element, or null when it is absent or empty. */
  element(tag: string): Element | null {
    const element = this.#elements[tag];
    return element === undefined || element.length === 0 ? null : element;
  }

  /** Reads an unsigned 16-bit number (VR US); null when it is absent or empty. `index` counts the values from 0. */
  unsigned(tag: string, index = 0): number | null {
    const at = this.#shortAt(tag, index);
    return at === null ? null : this.#view.getUint16(at, this.#byteOrder === 'little');
  }

  /** Reads a signed 16-bit number (VR SS); null when it is absent or empty. `index` counts the values from 0. */
  signed(tag: string, index = 0): number | null {
    const at = this.#shortAt(tag, index);
    return at === null ? null : this.#view.getInt16(at, this.#byteOrder === 'little');
  }

  /** Reads the first value of a text element without its padding, which is not significant (PS3.5 6.2). */
  text(tag: string): string | null {
    return this.texts(tag)[0] || null;
  }

  /** Reads all values of a text element in Latin-1 without padding. An empty value keeps its place. */
  texts(tag: string): readonly string[] {
    const element = this.element(tag);
    if (element === null || element.length > longestText) return [];
    return latin1(this.#bytes, element.dataOffset, element.length)
      .split('\\')
      .map((value) => value.replace(/\0/g, ' ').trim());
  }

  /** Returns the bytes of a text element, for other character sets; null when it is absent or longer than any text. */
  raw(tag: string): Uint8Array | null {
    const element = this.element(tag);
    if (element === null || element.length > longestText) return null;
    return this.#bytes.subarray(element.dataOffset, element.dataOffset + element.length);
  }

  /** Reads the first value of a decimal or integer string (PS3.5 6.2, DS and IS); NaN when it is not a number. */
  decimal(tag: string): number | null {
    return this.decimals(tag)[0] ?? null;
  }

  /** Reads all values of a decimal or integer string. An empty value is null, one that is not a number is NaN. */
  decimals(tag: string): readonly (number | null)[] {
    return this.texts(tag).map((text) => {
      if (text === '') return null;
      // Writers that follow their country's custom put a comma, which the standard does not know.
      const point = text.replace(',', '.');
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(point) ? Number(point) : Number.NaN;
    });
  }

  /**
   * Returns the first item of a sequence, or null. A *sequence* is an element whose values are data sets, its items.
   */
  item(tag: string): Dataset | null {
    return this.items(tag)[0] ?? null;
  }

  /** Returns all items of a sequence. */
  items(tag: string): readonly Dataset[] {
    const element = this.element(tag);
    if (element?.vr === 'UN' && element.items === undefined) return this.#unknownItems(element);
    const items = element?.items ?? [];
    return items.flatMap(({ dataSet }) =>
      dataSet === undefined ? [] : [new Dataset(this.#bytes, dataSet.elements, this.#byteOrder)],
    );
  }

  /**
   * Returns an element's 16-bit words in little-endian order; null when it is absent, fewer when the file ends early.
   */
  words(tag: string): Uint8Array | null {
    const element = this.element(tag);
    if (element === null) return null;
    const bytes = this.#bytes.subarray(element.dataOffset, element.dataOffset + element.length);
    // Bytes of VR OB have no order that could be swapped.
    return this.#byteOrder === 'little' || element.vr === 'OB' ? bytes : swapWords(bytes);
  }

  /**
   * Reads a sequence whose writer did not know that it is one. Its VR is UN then, and its items are implicit VR little
   * endian, whatever the file is (PS3.5 6.2.2, note 4). What cannot be parsed has no items.
   */
  #unknownItems({ dataOffset, length }: Element): readonly Dataset[] {
    const end = dataOffset + length;
    const element: Element = { tag: '', dataOffset, length };
    try {
      const stream = new dicomParser.ByteStream(
        dicomParser.littleEndianByteArrayParser,
        this.#bytes.subarray(0, end),
        dataOffset,
      );
      dicomParser.readSequenceItemsImplicit(stream, element);
    } catch {
      return [];
    }
    return (element.items ?? []).flatMap(({ dataSet }) =>
      dataSet === undefined ? [] : [new Dataset(this.#bytes, dataSet.elements, 'little')],
    );
  }

  #shortAt(tag: string, index: number): number | null {
    const element = this.element(tag);
    if (element === null || element.length < 2 * (index + 1)) return null;
    const at = element.dataOffset + 2 * index;
    return at + 2 <= this.#bytes.length ? at : null;
  }
}

/** The data set of a file. Its offsets count in `bytes`, which are the file's or those of the inflated data set. */
export type ParsedDataset = {
  readonly dataset: Dataset;
  readonly syntax: TransferSyntax;
  readonly bytes: Uint8Array;
};

/**
 * Parses everything in front of the pixel data of a DICOM file (PS3.10 7, PS3.5 7.1).
 *
 * @throws CxrError 'dicom-not-dicom', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-unsupported' (nesting),
 *         'dicom-too-large' (a deflated data set that inflates beyond its own header).
 */
export function parseDataset(file: Uint8Array): ParsedDataset {
  const { syntax, offset } = readFileMeta(file);
  if (offset >= file.length) throw new CxrError('dicom-truncated', { part: 'data set' });
  if (syntax.dataset !== 'deflated') return parseAt(file, offset, syntax);
  const inflated = inflateDataset(file.subarray(offset), maxInflatedBytes, (head) => {
    const pixelData = parseAt(head, 0, syntax).dataset.element(pixelDataTag);
    return pixelData === null ? null : pixelData.dataOffset + pixelData.length;
  });
  return parseAt(inflated, 0, syntax);
}

function parseAt(bytes: Uint8Array, offset: number, syntax: TransferSyntax): ParsedDataset {
  const elements: Record<string, Element> = {};
  const byteOrder = syntax.dataset === 'big-endian' ? 'big' : 'little';
  try {
    const reader =
      byteOrder === 'big' ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
    const stream = new dicomParser.ByteStream(reader, bytes, offset);
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
  return { dataset: new Dataset(bytes, elements, byteOrder), syntax, bytes };
}

/**
 * Turns what the parser threw into a coded error. The parser throws strings and objects that hold the file's bytes, so
 * nothing of them is kept, not even as `cause`.
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
