import type { Secrets } from './secrets.ts';

/**
 * Looks for secrets in bytes: files, messages, memory. It finds
 *
 * - 32-byte secrets and identities as bytes, hex, base64 and base64url, wherever they begin;
 * - any 64 consecutive coefficients of the secret polynomial: as bytes or 32- or 64-bit numbers, as floats or doubles, as
 *   V8's small integers, counted from -1 or from 0, or modulo any of the primes;
 * - any 64 consecutive transformed residues, as 32- or 64-bit numbers or doubles;
 *
 * where the numbers lie at addresses that their size divides. `inFile` looks at the other addresses too, and for
 * coefficients in decimal digits.
 */
export class TraceFinder {
  readonly #needles: readonly { readonly name: string; readonly bytes: Buffer }[];
  /** By a word of a needle, for each of its first four bytes. */
  readonly #anchors = new Map<number, { readonly needle: number; readonly offset: number }[]>();
  readonly #mayBeAnchor = new Uint8Array(1 << 16);
  /** Each 32 consecutive coefficients as one number to base 3, which is below 2^53. */
  readonly #windows = new Set<number>();
  readonly #digits: ReadonlyMap<number, number>;
  readonly #mayBeDigit = new Uint8Array(1 << 16);
  readonly #residues: Secrets['residues'];
  /** Prime and position of each residue. */
  readonly #places = new Map<number, number[]>();
  readonly #mayBeResidue = new Uint8Array(1 << 22);
  readonly #decimals: string;

  constructor({ seed, dataKey, identity, ternary, residues }: Secrets) {
    const keys = Object.entries({ seed, 'data key': dataKey }).flatMap(([name, bytes]) => [
      { name, bytes },
      ...(['hex', 'base64', 'base64url'] as const).map((form) => ({
        name: `${name} in ${form}`,
        bytes: Buffer.from(bytes.toString(form).replace(/=+$/, ''), 'latin1'),
      })),
    ]);
    const identities =
      identity === null ? [] : [{ name: 'identity', bytes: Buffer.from(identity, 'latin1') }];
    this.#needles = [...keys, ...identities];
    for (const [needle, { bytes }] of this.#needles.entries())
      for (let offset = 0; offset < 4; offset += 1) {
        const word = bytes.readUInt32LE(offset);
        this.#anchors.set(word, [...(this.#anchors.get(word) ?? []), { needle, offset }]);
        this.#mayBeAnchor[hashOf(word)] = 1;
      }
    for (let at = 0; at + 32 <= ternary.length; at += 1)
      this.#windows.add(toBase3(ternary.subarray(at, at + 32))!);
    this.#digits = digitsFor(residues.map(({ prime }) => Number(prime)));
    for (const word of this.#digits.keys()) this.#mayBeDigit[hashOf(word)] = 1;
    this.#residues = residues;
    for (const [at, { values }] of residues.entries())
      for (const [index, value] of values.entries()) {
        const place = at * values.length + index;
        const known = this.#places.get(value);
        this.#mayBeResidue[value & 0x3f_ff_ff] = 1;
        if (known === undefined) this.#places.set(value, [place]);
        else known.push(place);
      }
    this.#decimals = ternary.join(',');
  }

  /** What was found in bytes whose numbers lie at addresses that their size divides, such as a page of memory. */
  inMemory(bytes: Uint8Array): Set<string> {
    const found = new Set<string>();
    const { words, view } = aligned(bytes);
    this.#findKeys(words, view, found);
    this.#findNumbers(words, view, found);
    return found;
  }

  /** What was found in bytes in which numbers may lie anywhere, or stand in digits, such as a file. */
  inFile(bytes: Uint8Array): Set<string> {
    const found = this.inMemory(bytes);
    for (let shift = 1; shift < 8; shift += 1) {
      const { words, view } = aligned(Uint8Array.from(bytes.subarray(shift)));
      this.#findNumbers(words, view, found);
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const [run] of text.matchAll(/(?:-?[01],\s?){63}-?[01]/g))
      if (this.#decimals.includes(run.replaceAll(/\s/g, ''))) found.add('coefficients in digits');
    return found;
  }

  #findNumbers(words: Uint32Array, view: Buffer, found: Set<string>): void {
    const doubles = new Float64Array(words.buffer, words.byteOffset, words.length >> 1);
    const mayBeDigit = this.#mayBeDigit;
    for (let at = 0; at < words.length; at += 8) {
      const [first, second] = [words[at]!, words[at + 1]!];
      if (first === 0 && second === 0 && words[at + 2] === 0) continue;
      if (mayBeDigit[hashOf(first)] === 1 && mayBeDigit[hashOf(second)] === 1)
        this.#findWords(words, at, found);
      // Of each byte in -1, 0, 1, 2 the bits from the third on are alike.
      if (((first ^ (first >>> 1)) & 0x7c_7c_7c_7c) === 0) this.#findBytes(view, 4 * at, found);
      if (at % 32 === 0) this.#findResidues(words, doubles, at, found);
    }
  }

  #findKeys(words: Uint32Array, view: Buffer, found: Set<string>): void {
    const mayBe = this.#mayBeAnchor;
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at]!;
      if (mayBe[hashOf(word)] === 0) continue;
      for (const { needle, offset } of this.#anchors.get(word) ?? []) {
        const { name, bytes } = this.#needles[needle]!;
        const start = 4 * at - offset;
        if (start >= 0 && view.subarray(start, start + bytes.length).equals(bytes)) found.add(name);
      }
    }
  }

  /** Any 64 bytes have 32 in them that begin where 32 divides the address; 64 numbers have 32 words that do. */
  #findBytes(view: Buffer, start: number, found: Set<string>): void {
    if (isOfDigits(view, start)) this.#tell(view.subarray(start, start + 32), 'coefficients as bytes', found);
  }

  #findWords(words: Uint32Array, at: number, found: Set<string>): void {
    const digits: number[] = [];
    for (let index = 0; index < 64; index += 1) {
      const digit = this.#digits.get(words[at + index] ?? -1);
      if (digit === undefined) break;
      digits.push(digit);
    }
    if (digits.length >= 32) this.#tell(digits.slice(0, 32), 'coefficients in 32 bits', found);
    if (digits.length < 64) return;
    for (const parity of [0, 1])
      this.#tell(
        digits.filter((_, index) => index % 2 === parity),
        'coefficients in 64 bits',
        found,
      );
  }

  #tell(digits: ArrayLike<number>, name: string, found: Set<string>): void {
    const from = Array.from(digits, (digit) => (digit > 127 ? digit - 256 : digit));
    for (const form of [from, from.map((digit) => digit - 1), from.map((digit) => digit / 2)]) {
      const window = toBase3(form);
      if (window !== null && this.#windows.has(window)) found.add(name);
    }
  }

  /** Looks at one word in 32, which is in any 64 numbers. */
  #findResidues(words: Uint32Array, doubles: Float64Array, at: number, found: Set<string>): void {
    const word = words[at]!;
    const double = doubles[at >> 1]!;
    if (this.#mayBeResidue[word & 0x3f_ff_ff] === 1) {
      this.#follow(word, 'residues in 32 bits', (next) => words[at + next], found);
      this.#follow(word, 'residues in 64 bits', (next) => words[at + 2 * next], found);
    }
    if (double >= 1 && double < 2 ** 32)
      this.#follow(double, 'residues in doubles', (next) => doubles[(at >> 1) + next], found);
  }

  /** Tells whether a residue is followed by those that follow it in the key. */
  #follow(value: number, name: string, at: (next: number) => number | undefined, found: Set<string>): void {
    const { length } = this.#residues[0]!.values;
    for (const place of this.#places.get(value) ?? []) {
      const { values } = this.#residues[Math.floor(place / length)]!;
      const index = place % length;
      let next = 1;
      while (next < 16 && values[index + next] === at(next)) next += 1;
      if (next === 16 && index + 16 <= length) found.add(name);
    }
  }
}

/** Bytes as words; they are copied where 8 does not divide their address. */
function aligned(bytes: Uint8Array): { readonly words: Uint32Array; readonly view: Buffer } {
  const start = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset, byteLength } = start;
  return {
    words: new Uint32Array(buffer, byteOffset, byteLength >> 2),
    view: Buffer.from(buffer, byteOffset, byteLength),
  };
}

const hashOf = (word: number): number => (word ^ (word >>> 16)) & 0xffff;

/** 32 digits in {-1, 0, 1} as one number; null for other numbers. */
function toBase3(digits: ArrayLike<number>): number | null {
  let value = 0;
  for (let at = 0; at < 32; at += 1) {
    const digit = digits[at]!;
    if (digit !== 0 && digit !== 1 && digit !== -1) return null;
    value = 3 * value + digit + 1;
  }
  return value;
}

/** Whether 32 bytes may be coefficients: each is -1, 0, 1 or 2. */
function isOfDigits(view: Buffer, start: number): boolean {
  if (start + 32 > view.length) return false;
  for (let at = start; at < start + 32; at += 1) if (view[at]! > 2 && view[at] !== 0xff) return false;
  return true;
}

/** The coefficient for which a word may stand. 1, 0 and -1 are also halves of doubles, and -1 is `prime - 1`. */
function digitsFor(primes: readonly number[]): Map<number, number> {
  const digits = new Map([
    [0, 0],
    [1, 1],
    [2, 2],
    [0xff_ff_ff_ff, -1],
    [0xff_ff_ff_fe, -2],
  ]);
  for (const [value, digit] of [
    [1, 1],
    [-1, -1],
    [2, 2],
    ...primes.map((prime) => [prime - 1, -1]),
  ] as const) {
    const [low, high] = new Uint32Array(Float64Array.of(value!).buffer) as unknown as [number, number];
    digits.set(new Uint32Array(Float32Array.of(value!).buffer)[0]!, digit!);
    if (!digits.has(low)) digits.set(low, 0);
    digits.set(high, digit!);
  }
  for (const prime of primes) digits.set(prime - 1, -1);
  return digits;
}
