/** 2024-01-02 → "2 Jan 2024": no two countries read numbers alone the same way. */
export function dayInWords(date: string | null): string {
  if (date === null) return 'not stated';
  const [year, month, day] = date.split('-');
  const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  return `${Number(day)} ${months[Number(month) - 1]} ${year}`;
}
