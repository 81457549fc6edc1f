/** What a person should know about a file of keys that is sealed for an address of age's older kind. */
export const olderSealing =
  'It is sealed for an address of the older kind (age1…): who records it can open it once there are large quantum computers.';

/** Tells whether all addresses are of the kind that a quantum computer does not open. */
export const areHybrid = (addresses: readonly string[]): boolean =>
  addresses.every((address) => address.startsWith('age1pq1'));
