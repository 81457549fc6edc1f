import { CxrError } from '../../contract/errors.ts';
import { vrOf } from './elements.ts';
import { type ByteOrder, numbersIn } from './numbers.ts';

/** How elements are written: with their VR or without, and in which byte order (PS3.5 7.1). */
export type Encoding = { readonly explicit: boolean; readonly order: ByteOrder };

/** One element: its VR and where its value lies, counted in bytes from the beginning of the file. */
export type Element = {
  /** What the file says, or else the dictionary. */
  readonly vr: string;
  readonly dataOffset: number;
  /** The bytes of the value. Those of a sequence of undefined length go up to its delimiter. */
  readonly length: number;
  readonly hadUndefinedLength: boolean;
  /** How the value and the items in it are written. */
  readonly encoding: Encoding;
};

/** The first bytes of an element, before its value. `vr` is null where the file does not say it. */
export type ElementHeader = {
  readonly tag: number;
  readonly vr: string | null;
  readonly dataOffset: number;
  readonly length: number;
};

/** The elements of a data set or item that are known, by their tag: group × 65536 + element. */
export type Elements = ReadonlyMap<number, Element>;

/** The length of an element that ends at a delimiter. */
export const undefinedLength = 0xffffffff;
/** The tag of Pixel Data (7FE0,0010), at which reading stops. */
export const pixelData = 0x7fe00010;
const item = 0xfffee000;
const itemEnd = 0xfffee00d;
const sequenceEnd = 0xfffee0dd;
/** VRs with a reserved field and a 32-bit length, and those with a 16-bit length (PS3.5 7.1.2). */
const longForms = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const shortForms = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '));
/** Everything from here on is an item or a delimiter. */
const lowestDelimiter = 0xfffe0000;
const delimiterBytes = 8;
const deepest = 64;
/** A file that was cut does not claim more than this either, bytes; what does was never an element's length. */
const largestElement = 512 * 1024 * 1024;

/**
 * Steps over the elements of a file without trusting any of them (PS3.5 7.1). An element that is written another way
 * than its data set, as some programs do, is read as it is written: one without VR among others that have theirs, or
 * the reverse.
 *
 * @remarks Its cost is bounded by `mostElements`, which counts every element and item that is looked at, nested ones
 *          too. Only elements that are known are kept.
 */
export class ElementReader {
  readonly bytes: Uint8Array;
  readonly #vrOf: (tag: number) => string | undefined;
  #left: number;

  /**
   * @param vr  the VR of every element that is kept; undefined for one that is stepped over. Default: those that are read
   *            (elements.ts).
   */
  constructor(bytes: Uint8Array, mostElements: number, vr: (tag: number) => string | undefined = vrOf) {
    this.bytes = bytes;
    this.#left = mostElements;
    this.#vrOf = vr;
  }

  /** How many elements may still be looked at. */
  get left(): number {
    return this.#left;
  }

  /**
   * Reads the elements from `at` to `end` up to Pixel Data, whose header alone is read. Of an element that is there twice
   * only the first counts.
   *
   * @param elements  receives those that are known.
   * @param passed    is told after each element where the next one begins.
   * @throws          CxrError as `header` does; 'dicom-unsupported' for sequences in sequences without end.
   */
  elements(
    at: number,
    end: number,
    encoding: Encoding,
    elements: Map<number, Element>,
    passed: (at: number) => void = () => {},
  ): void {
    for (let [next, before] = [at, 0]; next < end; ) {
      const header = this.#headerAfter(before, next, end, encoding);
      if (header.tag === itemEnd) return;
      if (header.tag >= lowestDelimiter) throw malformed(next);
      const isPixels = header.tag === pixelData;
      const element = this.#element(header, end, encoding, isPixels ? null : 0);
      if (this.#vrOf(header.tag) !== undefined && !elements.has(header.tag))
        elements.set(header.tag, element);
      if (isPixels) return;
      before = header.tag;
      next = element.dataOffset + element.length + (element.hadUndefinedLength ? delimiterBytes : 0);
      passed(next);
    }
  }

  /** Reads the items of a sequence. @throws CxrError as `elements` does. */
  items({ dataOffset, length, encoding }: Element): readonly Elements[] {
    const found: Elements[] = [];
    this.#eachItem(dataOffset, dataOffset + length, encoding, 0, (at, end, own) => {
      const elements = new Map<number, Element>();
      this.elements(at, end, own, elements);
      found.push(elements);
    });
    return found;
  }

  /**
   * Reads the header of the element that begins at `at`. Everything that it belongs to ends at `end`.
   *
   * @throws CxrError 'dicom-truncated' when the file ends in an element that is written as one should be,
   *         'dicom-malformed' when no element is there, 'dicom-too-large' after too many elements.
   */
  header(at: number, end: number, { explicit, order }: Encoding): ElementHeader {
    this.#left -= 1;
    if (this.#left < 0) throw new CxrError('dicom-too-large', { reason: 'elements' });
    if (at + 8 > end) throw this.#ranOut(at, end);
    const tag = this.#tagAt(at, order);
    const length = numbersIn[order].readUint32(this.bytes, at + 4);
    const implicit = { tag, vr: null, dataOffset: at + 8, length };
    // Items and delimiters have no VR in any encoding.
    if (tag >= lowestDelimiter) {
      if (fits(implicit, end)) return implicit;
      throw this.#ranOut(at, end);
    }
    const named = this.#named(tag, at, end, order);
    const isImplicit = () => fits(implicit, end) && this.#follows(implicit, end, order);
    if (named?.isKnown) {
      // The length of an element without VR can look like one, and only what follows tells them apart.
      if (!explicit && isImplicit()) return implicit;
      if (fits(named, end)) return named;
      throw named.length > largestElement ? malformed(at) : this.#ranOut(at, end);
    }
    if (named !== null && fits(named, end) && this.#follows(named, end, order)) return named;
    if (named === null ? fits(implicit, end) : isImplicit()) return implicit;
    throw explicit || implicit.length > largestElement ? malformed(at) : this.#ranOut(at, end);
  }

  /** A file that was cut was in order up to there: what goes back in the order of tags and runs out is no element. */
  #headerAfter(before: number, at: number, end: number, encoding: Encoding): ElementHeader {
    try {
      return this.header(at, end, encoding);
    } catch (thrown) {
      const isCut = thrown instanceof CxrError && thrown.code === 'dicom-truncated';
      const isBehind = at + 4 <= end && this.#tagAt(at, encoding.order) <= before;
      throw isCut && isBehind ? malformed(at) : thrown;
    }
  }

  /**
   * Reads a header with VR. Two capitals that are no VR of today are taken for one of tomorrow, which has a 32-bit length
   * (PS3.5 6.2, note).
   */
  #named(
    tag: number,
    at: number,
    end: number,
    order: ByteOrder,
  ): (ElementHeader & { isKnown: boolean }) | null {
    const vr = String.fromCharCode(this.bytes[at + 4]!, this.bytes[at + 5]!);
    const numbers = numbersIn[order];
    if (shortForms.has(vr)) {
      return { tag, vr, dataOffset: at + 8, length: numbers.readUint16(this.bytes, at + 6), isKnown: true };
    }
    const isKnown = longForms.has(vr);
    if (!isKnown && !(/^[A-Z]{2}$/.test(vr) && numbers.readUint16(this.bytes, at + 6) === 0)) return null;
    const length = at + 12 > end ? 0 : numbers.readUint32(this.bytes, at + 8);
    return { tag, vr, dataOffset: at + 12, length, isKnown };
  }

  /** Tells whether an element is followed by one that may come after it, by a delimiter, or by the end. */
  #follows({ tag, dataOffset, length }: ElementHeader, end: number, order: ByteOrder): boolean {
    if (length === undefinedLength) {
      return dataOffset + 4 <= end && this.#tagAt(dataOffset, order) >= lowestDelimiter;
    }
    const next = dataOffset + length;
    return next === end || (next + 8 <= end && this.#tagAt(next, order) > tag);
  }

  /**
   * Makes an element of its header. An undefined length is replaced by the way to its delimiter.
   *
   * @param depth  the number of sequences around it; null where the delimiter is not looked for.
   */
  #element(header: ElementHeader, end: number, encoding: Encoding, depth: number | null): Element {
    const { tag, vr, dataOffset, length } = header;
    const isUnknown = vr === null || vr === 'UN';
    // What a writer did not know came from a file without VR and went on as it was (PS3.5 6.2.2, note 4).
    const own = vr === 'UN' ? ({ explicit: false, order: 'little' } as const) : encoding;
    const hadUndefinedLength = length === undefinedLength;
    const isOpen = hadUndefinedLength && depth !== null;
    return {
      vr: isUnknown ? (this.#vrOf(tag) ?? 'UN') : vr,
      dataOffset,
      length: isOpen
        ? this.#eachItem(dataOffset, end, own, depth + 1) - dataOffset
        : hadUndefinedLength
          ? end - dataOffset
          : length,
      hadUndefinedLength,
      encoding: own,
    };
  }

  /**
   * Steps from item to item. Each is read in the byte order of its tag, and with VRs where its first element has one.
   *
   * @param depth  the number of open sequences around; 0 for a sequence whose length is known.
   * @returns      where the delimiter of the sequence begins, or `end` where it has none.
   */
  #eachItem(
    from: number,
    end: number,
    encoding: Encoding,
    depth: number,
    visit: (at: number, end: number, encoding: Encoding) => void = () => {},
  ): number {
    if (depth > deepest) throw new CxrError('dicom-unsupported', { reason: 'nesting too deep' });
    for (let at = from; at < end; ) {
      const order = this.#orderOfItem(at, end) ?? encoding.order;
      const header = this.header(at, end, { ...encoding, order });
      if (header.tag === sequenceEnd) return at;
      if (header.tag !== item) throw malformed(at);
      const start = header.dataOffset;
      const isOpen = header.length === undefinedLength;
      const own = { explicit: encoding.explicit || this.#startsWithVr(start, end, order), order };
      const itemEndsAt = isOpen ? this.#endOfItem(start, end, own, depth) : start + header.length;
      visit(start, itemEndsAt, own);
      at = itemEndsAt + (isOpen ? delimiterBytes : 0);
    }
    if (depth > 0) throw this.#ranOut(end, end);
    return end;
  }

  #endOfItem(from: number, end: number, encoding: Encoding, depth: number): number {
    for (let [at, before] = [from, 0]; ; ) {
      const header = this.#headerAfter(before, at, end, encoding);
      if (header.tag === itemEnd) return at;
      if (header.tag >= lowestDelimiter) throw malformed(at);
      const { dataOffset, length, hadUndefinedLength } = this.#element(header, end, encoding, depth);
      before = header.tag;
      at = dataOffset + length + (hadUndefinedLength ? delimiterBytes : 0);
    }
  }

  #orderOfItem(at: number, end: number): ByteOrder | null {
    if (at + 4 > end) return null;
    if (this.#tagAt(at, 'little') >= lowestDelimiter) return 'little';
    return this.#tagAt(at, 'big') >= lowestDelimiter ? 'big' : null;
  }

  #startsWithVr(at: number, end: number, order: ByteOrder): boolean {
    if (at + 8 > end) return false;
    const named = this.#named(this.#tagAt(at, order), at, end, order);
    return named?.isKnown === true && fits(named, end);
  }

  #tagAt(at: number, order: ByteOrder): number {
    const numbers = numbersIn[order];
    return numbers.readUint16(this.bytes, at) * 0x10000 + numbers.readUint16(this.bytes, at + 2);
  }

  /** Elements of the file run out where the file ends; those of an item contradict its length. */
  #ranOut(at: number, end: number): CxrError {
    return end === this.bytes.length ? new CxrError('dicom-truncated', { part: 'data set' }) : malformed(at);
  }
}

/** Pixels that end too early are told as such, with what is missing, and those of deflated data are not there yet. */
const fits = ({ tag, dataOffset, length }: ElementHeader, end: number): boolean =>
  dataOffset <= end && (length === undefinedLength || tag === pixelData || dataOffset + length <= end);

/** Names the place only: even the tag there may be made of a patient's name. */
const malformed = (at: number): CxrError => new CxrError('dicom-malformed', { reason: 'data set', at });
