/** The binary frames of /live: length, JSON header, padding, float32 arrays. */

const TEXT = new TextDecoder();

/** Return the header of a frame, with its arrays as views on the frame under `array`. */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(TEXT.decode(new Uint8Array(buffer, 4, length)));
  header.array = {};
  let offset = 4 + Math.ceil(length / 4) * 4;
  for (const [name, extent] of header.arrays ?? []) {
    const count = extent.reduce((product, size) => product * size, 1);
    header.array[name] = new Float32Array(buffer, offset, count);
    offset += 4 * count;
  }
  return header;
}
