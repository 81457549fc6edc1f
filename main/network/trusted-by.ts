import type { CertificateChoice } from '../../contract/connection.ts';
import { CxrError } from '../../contract/errors.ts';
import { trustedAuthorities } from '../files/authorities.ts';

/** Lists the authorities that are trusted. @throws CxrError 'network-certificate' for a file without a certificate. */
export function trustedBy(choice: CertificateChoice): string[] {
  const authorities = trustedAuthorities(choice);
  if (authorities === null)
    throw new CxrError('network-certificate', { reason: 'no certificate in the file' });
  return authorities;
}
