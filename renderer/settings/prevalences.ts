/** How common findings are among somebody's patients, by the finding's name: shares in [0, 1]. */
export type Prevalences = Readonly<Record<string, number>>;

const isShare = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1;

/** What was kept as text; whatever is no share is left out, since the text may be of another version or damaged. */
export function storedPrevalences(text: string | null): Prevalences {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
  if (typeof kept !== 'object' || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).filter((entry): entry is [string, number] => isShare(entry[1])),
  );
}

/** With the finding's share set; with null without it, so that the reference set's own holds again. */
export function withPrevalence(all: Prevalences, finding: string, share: number | null): Prevalences {
  const { [finding]: _, ...others } = all;
  return share === null || !isShare(share) ? others : { ...others, [finding]: share };
}
