/**
 * Control characters, and those that turn the direction of text. The names inside an archive come from strangers, and a
 * terminal would obey them.
 */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Writes a name so that a terminal shows it and does nothing else. Every other character is left as it is. */
export const printable = (name: string): string =>
  name.replaceAll(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
