// Compares two PNG files, as a web view's driver makes them: 8 bits a channel, not interlaced.

import { inflateSync } from 'node:zlib';

const CHANNELS = { 2: 3, 6: 4 };

/** Of 255: edges are smoothed a little differently each time that a page is drawn. */
const SMOOTHING = 32;

/** What is different, for people; null where no pixel is, but for its smoothing. @param {Buffer} one @param {Buffer} other */
export function difference(one, other) {
  if (one.equals(other)) return null;
  const [a, b] = [one, other].map(decode);
  if (a.width !== b.width || a.height !== b.height) return `${a.width} × ${a.height}, then ${b.width} × ${b.height}`;
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1 };
  let count = 0;
  for (let y = 0; y < a.height; y += 1) {
    for (let x = 0; x < a.width; x += 1) {
      if ([0, 1, 2].every((k) => Math.abs(a.channel(x, y, k) - b.channel(x, y, k)) <= SMOOTHING)) continue;
      count += 1;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = y;
    }
  }
  return count === 0 ? null : `${count} pixels differ, within ${box.left},${box.top} to ${box.right},${box.bottom}`;
}

/** PNG (third edition), 5.2, 7.3, 9.2. @param {Buffer} png */
function decode(png) {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const channels = CHANNELS[/** @type {2 | 6} */ (png[25])];
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) unfilter(raw, rows, y, stride, channels);
  return { width, height, channel: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ k) => rows[y * stride + x * channels + k] };
}

/** @param {Buffer} raw @param {Buffer} rows @param {number} y @param {number} stride @param {number} step */
function unfilter(raw, rows, y, stride, step) {
  const filter = raw[y * (stride + 1)];
  for (let x = 0; x < stride; x += 1) {
    const left = x < step ? 0 : rows[y * stride + x - step];
    const up = y === 0 ? 0 : rows[(y - 1) * stride + x];
    const corner = x < step || y === 0 ? 0 : rows[(y - 1) * stride + x - step];
    const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    rows[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess;
  }
}

/** @param {number} left @param {number} up @param {number} corner */
function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
