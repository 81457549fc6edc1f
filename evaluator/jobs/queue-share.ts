import type { Client } from './job-queue.ts';

/** Nobody's share lets the queue grow beyond so many times its limit. */
const mostOverdraft = 2;

/**
 * Tells whether a client may queue one more job. While there is room, everybody may. A full queue still takes the jobs of
 * whoever has less than a fair share of it: of a tenant among the tenants that wait, or of a workstation within its
 * tenant's share. So nobody is shut out by somebody who has sent many.
 *
 * @param waiting  the client of every job that waits.
 * @param limit    the jobs that may wait in all.
 */
export function mayQueue(client: Client, waiting: readonly Client[], limit: number): boolean {
  if (waiting.length < limit) return true;
  if (waiting.length >= mostOverdraft * limit) return false;
  const tenants = new Set([client.tenant, ...waiting.map(({ tenant }) => tenant)]);
  const share = Math.ceil(limit / tenants.size);
  const ofTenant = waiting.filter(({ tenant }) => tenant === client.tenant);
  if (ofTenant.length < share) return true;
  const keys = new Set([client.key, ...ofTenant.map(({ key }) => key)]);
  return ofTenant.filter(({ key }) => key === client.key).length < Math.floor(share / keys.size);
}
