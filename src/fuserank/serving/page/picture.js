// A picture of the shopper's: as it is where the service takes it, else drawn anew.

const TAKEN = ["image/jpeg", "image/png", "image/webp"];
const MOST_BYTES = 2 * 2 ** 20;
const SIDE = 1600; // pixels of what is drawn anew; encoders see far fewer

/** What to send for a file, or null when it is no picture. A phone's photo or another type becomes a JPEG of at most SIDE pixels. */
export async function prepared(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return null;
  }
  if (TAKEN.includes(file.type) && file.size <= MOST_BYTES) return file;
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // a JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}

/** The first file of a drop or a paste that may be a picture, else null. */
export const firstPicture = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;

/** Whether a drag carries files. */
export const carriesFiles = (transfer) => [...(transfer?.types ?? [])].includes("Files");
