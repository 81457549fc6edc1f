/** An AE title: 1 to 16 printable characters without backslash, no blank around them (PS3.5 6.2). */
export const titlePattern = /^(?! )[\x20-\x5b\x5d-\x7e]{1,16}(?<! )$/;
/** An AE title, an at sign, a host and a port, such as `PACS@pacs.hospital.example:11112`. */
export const entityPattern =
  /^([\x20-\x3f\x41-\x5b\x5d-\x7e]{1,16})@([\w.-]{1,253}|\[[0-9a-fA-F:]+\]):(\d{1,5})$/;
