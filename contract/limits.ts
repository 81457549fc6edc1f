/** Largest file that the window passes on as bytes: one that has no path (a 4 k × 4 k 16-bit CR is 34 MB). */
export const maxDroppedBytes = 256 * 1024 * 1024;
