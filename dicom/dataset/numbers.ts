import dicomParser, { type ByteArrayParser } from 'dicom-parser';

/** Which byte of a number comes first (DICOM PS3.5 7.3). */
export type ByteOrder = 'little' | 'big';

/** Reads numbers out of bytes in one order, at a place that the caller has checked. */
export type NumberReader = ByteArrayParser;

/** The readers of `dicom-parser`. Which element begins where is our own affair (decision 31). */
export const numbersIn: Readonly<Record<ByteOrder, NumberReader>> = {
  little: dicomParser.littleEndianByteArrayParser,
  big: dicomParser.bigEndianByteArrayParser,
};
