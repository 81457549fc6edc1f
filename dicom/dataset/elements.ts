/**
 * The elements that are read, with their value representation (VR, the type of a value) as DICOM PS3.6 gives it. Every
 * other element of a file is stepped over and not kept. `xs` stands for "US or SS", which Pixel Representation decides.
 */
const groups: Readonly<Record<string, string>> = {
  AS: '00101010',
  CS: '00041500 00080005 00080008 00080060 00080064 00080068 00100040 00180015 00181600 00185101 00200020 00200060 00200062 00280004 00280301 00280a02 00281040 00281056 00282110 00282114 20500020',
  DA: '00080020 00080021 00080022 00080023 00100030',
  DS: '00181110 00181111 00181114 00181164 00182010 00280030 00281050 00281051 00281052 00281053 00282112',
  IS: '00181602 00181604 00181606 00181608 00181610 00181612 00181620 00181702 00181704 00181706 00181708 00200011 00200013 00280008 00280034',
  LO: '00080070 00080104 00081030 0008103e 00081090 00100020 00100021 00181400 00281054 00281055 00283003 00283004',
  PN: '00080090 00100010',
  SH: '00080050 00080100 00080102 00081010 00200010',
  SQ: '00041220 00082218 00283000 00283010 00540220',
  TM: '00080030 00080031 00080032 00080033',
  UI: '00080016 00080018 0020000d 0020000e 00200052',
  US: '00181622 00280002 00280010 00280011 00280100 00280101 00280102 00280103',
  xs: '00280120 00280121 00283002',
  OW: '00283006 7fe00010',
};

/** The elements of an overlay plane (PS3.3 C.9.2), of which there may be one in each group from 6000 to 601E. */
const overlayElements: Readonly<Record<string, string>> = {
  '0010': 'US',
  '0011': 'US',
  '0040': 'CS',
  '0050': 'SS',
  '0100': 'US',
  '0102': 'US',
  '3000': 'OW',
};

/** The VR of every element that is read, by its tag: group × 65536 + element. */
const known: ReadonlyMap<number, string> = new Map([
  ...Object.entries(groups).flatMap(([vr, tags]) =>
    tags.split(' ').map((tag): [number, string] => [Number.parseInt(tag, 16), vr]),
  ),
  ...Array.from({ length: 16 }, (_, plane) =>
    Object.entries(overlayElements).map(([element, vr]): [number, string] => [
      (0x6000 + 2 * plane) * 0x10000 + Number.parseInt(element, 16),
      vr,
    ]),
  ).flat(),
]);

/** Finds the VR of an element that is read; undefined for one that is not. `tag` is group × 65536 + element. */
export const vrOf = (tag: number): string | undefined => known.get(tag);
