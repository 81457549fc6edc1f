/**
 * The title of a test or a group of tests. Where it is skipped the title ends with the reason, so that every report of
 * a run names what the machine lacks.
 *
 * @param reason  why it is skipped, as it reads after "skipped:"; null where it runs.
 */
export const titled = (title: string, reason: string | null): string =>
  reason === null ? title : `${title} (skipped: ${reason})`;
