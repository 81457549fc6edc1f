import { z } from 'zod';

/** The name of a tenant: who keys, jobs and results belong to. It is written to disk and into logs. */
export type Tenant = string & { readonly __brand: 'Tenant' };

const name = /^[A-Za-z0-9][\w.@-]{0,63}$/;

/** Reads a tenant's name from a file. */
export const tenantSchema = z
  .string()
  .regex(name)
  .transform((text) => text as Tenant);

/** Reads a tenant's name that was checked before. @throws TypeError for text that is none. */
export function parseTenant(text: string): Tenant {
  if (!name.test(text)) throw new TypeError('"tenant" expected up to 64 letters, digits and . _ - @');
  return text as Tenant;
}

/** The one tenant of an evaluator that lets everybody in. */
export const everybody: Tenant = parseTenant('everybody');
