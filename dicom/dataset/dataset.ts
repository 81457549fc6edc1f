import { CxrError } from '../../contract/errors.ts';
import { swapWords } from './byte-order.ts';
import { type Element, type ElementReader, type Elements, pixelData } from './element-reader.ts';
import { vrOf } from './elements.ts';
import { latin1 } from './file-meta.ts';
import { numbersIn } from './numbers.ts';

/** The tag of Pixel Data (7FE0,0010). */
export const pixelDataTag = `x${pixelData.toString(16)}`;
const longestText = 1024;

type NumberKind = 'readUint16' | 'readInt16' | 'readUint32' | 'readInt32' | 'readFloat' | 'readDouble';
/** How numbers of each binary VR are read (PS3.5 6.2); everything else is text, or words of 16 bits. */
const binary: Readonly<Record<string, { bytes: number; read: NumberKind }>> = {
  US: { bytes: 2, read: 'readUint16' },
  SS: { bytes: 2, read: 'readInt16' },
  UL: { bytes: 4, read: 'readUint32' },
  SL: { bytes: 4, read: 'readInt32' },
  FL: { bytes: 4, read: 'readFloat' },
  FD: { bytes: 8, read: 'readDouble' },
};
const isText = (vr: string): boolean => vr === 'DS' || vr === 'IS';

/**
 * Gives typed access to the elements in front of the pixel data. A *data set* is DICOM's list of elements, each of
 * which has a tag, a value representation (VR, the type of its value) and bytes. A tag is written as `xggggeeee`. Numbers
 * are read by the VR that the file gives them, whichever the standard asks for.
 *
 * @remarks It holds the whole file with its patient data, so it never leaves dicom/. Only read.ts, which drops those
 *          data, leads to the engine.
 */
export class Dataset {
  readonly #reader: ElementReader;
  readonly #bytes: Uint8Array;
  readonly #elements: Elements;

  constructor(reader: ElementReader, elements: Elements) {
    const { bytes } = reader;
    this.#reader = reader;
    this.#bytes = bytes;
    this.#elements = elements;
  }

  /**
   * Returns an element, or null when it is absent or empty.
   *
   * @throws CxrError 'internal' for a tag that `elements.ts` does not list: it would never be found.
   */
  element(tag: string): Element | null {
    const number = Number.parseInt(tag.slice(1), 16);
    if (vrOf(number) === undefined) throw new CxrError('internal', { reason: 'element not listed' });
    const element = this.#elements.get(number);
    return element === undefined || element.length === 0 ? null : element;
  }

  /** True when none of the elements that are read is in it. */
  get isEmpty(): boolean {
    return this.#elements.size === 0;
  }

  /** Reads an unsigned 16-bit number (VR US); null when it is absent or empty. `index` counts the values from 0. */
  unsigned(tag: string, index = 0): number | null {
    return this.#whole(tag, index, 'US');
  }

  /** Reads a signed 16-bit number (VR SS); null when it is absent or empty. `index` counts the values from 0. */
  signed(tag: string, index = 0): number | null {
    return this.#whole(tag, index, 'SS');
  }

  /** Reads the first value of a text element without its padding, which is not significant (PS3.5 6.2). */
  text(tag: string): string | null {
    return this.texts(tag)[0] || null;
  }

  /** Reads all values of a text element in Latin-1 without padding. An empty value keeps its place. */
  texts(tag: string): readonly string[] {
    const bytes = this.raw(tag);
    if (bytes === null) return [];
    return latin1(bytes, 0, bytes.length)
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
    const element = this.element(tag);
    const own = element === null ? undefined : binary[element.vr];
    if (element === null || own === undefined) return this.texts(tag).map(parseDecimal);
    const count = Math.min(Math.floor(element.length / own.bytes), longestText / own.bytes);
    return Array.from({ length: count }, (_, index) => this.#number(element, index, element.vr));
  }

  /**
   * Returns the first item of a sequence, or null. A *sequence* is an element whose values are data sets, its items.
   */
  item(tag: string): Dataset | null {
    return this.items(tag)[0] ?? null;
  }

  /**
   * Returns all items of a sequence. One that cannot be read has none, although `element` finds it.
   *
   * @throws CxrError 'dicom-too-large' when there are too many elements in it, 'dicom-unsupported' for nesting.
   */
  items(tag: string): readonly Dataset[] {
    const element = this.element(tag);
    if (element === null) return [];
    try {
      return this.#reader.items(element).map((elements) => new Dataset(this.#reader, elements));
    } catch (thrown) {
      const code = thrown instanceof CxrError ? thrown.code : null;
      if (code === 'dicom-malformed' || code === 'dicom-truncated') return [];
      throw thrown;
    }
  }

  /**
   * Returns an element's 16-bit words in little-endian order; null when it is absent, fewer when the file ends early.
   */
  words(tag: string): Uint8Array | null {
    const element = this.element(tag);
    if (element === null) return null;
    const bytes = this.#bytes.subarray(element.dataOffset, element.dataOffset + element.length);
    // Bytes of VR OB have no order that could be swapped.
    return element.encoding.order === 'little' || element.vr === 'OB' ? bytes : swapWords(bytes);
  }

  #whole(tag: string, index: number, usual: 'US' | 'SS'): number | null {
    const element = this.element(tag);
    if (element === null) return null;
    if (isText(element.vr)) {
      const value = this.decimals(tag)[index] ?? null;
      return Number.isSafeInteger(value) ? value : null;
    }
    return this.#number(element, index, element.vr === 'UL' || element.vr === 'SL' ? element.vr : usual);
  }

  #number({ dataOffset, length, encoding }: Element, index: number, vr: string): number | null {
    const { bytes, read } = binary[vr]!;
    const at = dataOffset + bytes * index;
    if (length < bytes * (index + 1) || at + bytes > this.#bytes.length) return null;
    return numbersIn[encoding.order][read](this.#bytes, at);
  }
}

/** Reads a number as writers write it. Those that follow their country's custom put a comma, which no standard knows. */
function parseDecimal(text: string): number | null {
  if (text === '') return null;
  const point = text.replace(',', '.');
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(point) ? Number(point) : Number.NaN;
}
