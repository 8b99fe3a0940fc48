/** Text and pictures out of the page: to the clipboard, or as a file that the browser or the desktop saves. */

/** Twice the drawing's pixels: sharp on dense screens and in documents. */
const SCALE = 2;

/** Hands the content to the browser or the desktop to save under this name. */
export function saveBlob(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun once the click returns; the URL is needed a moment longer.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveSvg(svg: string, name: string): void {
  saveBlob(new Blob([svg], { type: 'image/svg+xml' }), name);
}

/** Rejects where the page may not draw the picture (a content policy without data: images) or has no memory for it. */
export async function savePng(picture: { svg: string; width: number; height: number }, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture.svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = picture.width * SCALE;
  canvas.height = picture.height * SCALE;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas to draw on');
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('the picture could not be encoded');
  saveBlob(blob, name);
}
