import { readableSyntaxes } from '../dataset/syntaxes.ts';

/** C-ECHO: asks whether somebody is there, and nothing else (PS3.4 annex A). */
export const verificationClass = '1.2.840.10008.1.1';

const image = '1.2.840.10008.5.1.4.1.1';

/**
 * The kinds of objects that are received: those in which radiographs are sent (PS3.4 B.5). Which of them shows a chest is
 * for the reader and the input gate to say.
 */
export const receivedClasses: ReadonlyMap<string, string> = new Map([
  [`${image}.1`, 'Computed Radiography Image Storage'],
  [`${image}.1.1`, 'Digital X-Ray Image Storage - For Presentation'],
  [`${image}.1.1.1`, 'Digital X-Ray Image Storage - For Processing'],
  [`${image}.7`, 'Secondary Capture Image Storage'],
  [`${image}.7.2`, 'Multi-frame Grayscale Byte Secondary Capture Image Storage'],
  [`${image}.7.3`, 'Multi-frame Grayscale Word Secondary Capture Image Storage'],
  [`${image}.12.1`, 'X-Ray Angiographic Image Storage'],
  [`${image}.12.2`, 'X-Ray Radiofluoroscopic Image Storage'],
]);

/** The transfer syntaxes in which they are received: all that the reader decodes. */
export const receivedSyntaxes: ReadonlySet<string> = new Set(readableSyntaxes.map(({ uid }) => uid));
/** The syntaxes in which a question without a data set may be asked. */
export const uncompressedSyntaxes: ReadonlySet<string> = new Set(
  readableSyntaxes
    .filter(({ dataset, pixels }) => dataset !== 'deflated' && pixels === 'native')
    .map(({ uid }) => uid),
);
