import { z } from 'zod';
import { entityPattern, titlePattern } from './entity.ts';

const path = z.string().min(1).max(4_096);
const title = z.string().regex(titlePattern);

/** The settings of DICOM over the network. Everything is off until a port, a folder or an archive is named. */
export const networkSettings = {
  /** The name by which this workstation is called, and with which it calls. */
  dicomTitle: title,
  /** The port on which studies are received. Without it nothing listens. */
  dicomPort: z.number().int().min(1).max(65_535),
  /** The address of the one interface on which is listened. */
  dicomAddress: z.string().min(1).max(255),
  /** The AE titles that may send. */
  dicomCallers: z.array(title).max(256),
  /** PEM files: with a certificate and its key, TLS is spoken, and nothing else. */
  dicomCertificate: path,
  dicomKey: path,
  /** A PEM file with authorities. With it, who sends must show a certificate of theirs. */
  dicomAuthorities: path,
  /** The most associations at once. */
  dicomAssociations: z.number().int().min(1).max(256),
  /** The most objects that are taken from one AE title in a minute. */
  dicomPerMinute: z.number().int().min(1).max(100_000),
  /** The most that studies which wait to be classified may take on the disk, MB. */
  dicomMegabytes: z.number().int().min(100).max(10_000_000),
  /** A folder: what is put into it is classified. */
  watchFolder: path,
  /** The archive to which results go by C-STORE, as `TITLE@host:port`. */
  archive: z.string().regex(entityPattern),
  /** True where that archive speaks TLS. */
  archiveTls: z.boolean(),
  /** The address of a DICOMweb service. */
  archiveUrl: z.string().min(1).max(2_048),
  /** A file with the token that it wants. */
  archiveTokenFile: path,
  /** A file with the name and the password that it wants, with a colon between them. */
  archiveLoginFile: path,
} as const;
