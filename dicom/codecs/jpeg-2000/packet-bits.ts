/**
 * Reads the bits of packet headers (ISO 15444-1 B.10.1). A byte that follows FF has seven of them. Past the end it reads
 * zeros and remembers that it ran out.
 */
export class PacketBits {
  readonly #bytes: Uint8Array;
  #at = 0;
  #left = 0;
  #byte = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The place of the next byte; it lies past the end once bits were missing. */
  get at(): number {
    return this.#at;
  }

  /** Goes on at another byte. */
  seek(at: number): void {
    this.#at = at;
    this.#left = 0;
    this.#byte = 0;
  }

  bit(): 0 | 1 {
    if (this.#left === 0) {
      this.#left = this.#byte === 0xff ? 7 : 8;
      this.#byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
    }
    this.#left -= 1;
    return ((this.#byte >> this.#left) & 1) as 0 | 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let k = 0; k < count; k += 1) value = 2 * value + this.bit();
    return value;
  }

  /** Ends a header, which fills whole bytes; one that ends with FF is followed by one more. */
  align(): void {
    if (this.#byte === 0xff) this.#at += 1;
    this.#left = 0;
    this.#byte = 0;
  }
}

/**
 * A tag tree (B.10.2): a code for an array of small numbers, in which every four neighbours share the least of them at the
 * next level. It is asked whether a number is below a threshold, and takes as many bits as that needs.
 */
export class TagTree {
  /** The width and first node of every level, from the array itself to the root. */
  readonly #levels: { readonly width: number; readonly first: number }[] = [];
  readonly #low: Uint16Array;
  readonly #isKnown: Uint8Array;

  constructor(width: number, height: number) {
    let nodes = 0;
    for (let [across, down] = [width, height]; ; ) {
      this.#levels.push({ width: across, first: nodes });
      nodes += across * down;
      if (across * down <= 1) break;
      [across, down] = [(across + 1) >> 1, (down + 1) >> 1];
    }
    this.#low = new Uint16Array(nodes);
    this.#isKnown = new Uint8Array(nodes);
  }

  /** Tells whether the number at `x`, `y` is below `threshold`. */
  isBelow(bits: PacketBits, x: number, y: number, threshold: number): boolean {
    let low = 0;
    let node = 0;
    for (let level = this.#levels.length - 1; level >= 0; level -= 1) {
      const { width, first } = this.#levels[level]!;
      node = first + (y >> level) * width + (x >> level);
      low = Math.max(low, this.#low[node]!);
      while (low < threshold && this.#isKnown[node] === 0) {
        if (bits.bit() === 1) this.#isKnown[node] = 1;
        else low += 1;
      }
      this.#low[node] = low;
    }
    return low < threshold && this.#isKnown[node] === 1;
  }
}
