import type { Doubt } from '../image/doubt.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Says in a sentence or two what the input gate doubted, and what to look at. */
export function doubtInWords(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'turned':
      return `The film is stored ${doubt.from}, as ${doubt.by === 'header' ? 'the file says' : 'only the picture shows'}. It was turned upright before it was scored.`;
    case 'orientation-contradicted':
      return `The file says that the film is ${doubt.stated}, but it looks upright. It was scored as it is. Check left and right.`;
    case 'looks-mirrored':
      return 'The film looks mirrored, but the file says that it is not. Check left and right, and where the heart lies.';
    case 'unsure':
      return 'The film is almost too unlike a whole, upright chest to be scored. Trust the result less.';
    case 'cropped':
      return `Black or white margins were cut off before the film was scored: ${percent(doubt.columns)} of its width and ${percent(doubt.rows)} of its height are left.`;
    case 'small':
      return `The image has only ${doubt.columns} × ${doubt.rows} pixels, fewer than the model looks at.`;
    case 'flat':
      return `The film has little contrast: it uses ${percent(doubt.range)} of the range from black to white. Check its window.`;
    case 'clipped':
      return `${percent(doubt.share)} of the film are plain ${doubt.end}: its exposure or window may hide something.`;
    case 'modality':
      return doubt.modality === 'unknown'
        ? 'The file does not say with what kind of device the image was made.'
        : `The file says modality ${doubt.modality}, which is not that of chest films (CR, DX). Check that it is one.`;
    case 'body-part':
      return `The file says that it shows ${doubt.bodyPart.toLowerCase()}. Check that it is a frontal chest film.`;
    case 'side':
      return `The file says that it shows the ${doubt.side} side only. Check that the film shows both lungs.`;
  }
}
