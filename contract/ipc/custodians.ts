/**
 * How many custodians may share a key, any two of whom bring it back. With two, both would be needed for ever. The numbers
 * lie apart from the schemas, as those of long-requests.ts do.
 */
export const fewestCustodians = 3;
/** The most of them. */
export const mostCustodians = 8;
