/**
 * The largest file that is read as a whole, bytes: one that the window passes on as bytes because it has no path, or
 * one that the command line is given. A CR image of 4096 × 4096 pixels at 16 bits has 34 MB.
 */
export const maxDroppedBytes = 256 * 1024 * 1024;
