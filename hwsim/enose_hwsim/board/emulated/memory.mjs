// Bytes moved through the emulated memory map: at once inside RAM and flash, word by word where a peripheral may listen.

const FLASH = 0x10000000;
const RAM = 0x20000000;

function span(chip, address, count) {
  for (const [start, bytes] of [[RAM, chip.sram], [FLASH, chip.flash]]) {
    const at = address - start;
    if (at >= 0 && at + count <= bytes.length) return bytes.subarray(at, at + count);
  }
  return null;
}

/** The bytes at an address, of RAM, flash or ROM. */
export function bytesAt(chip, address, count) {
  return span(chip, address, count) ?? Uint8Array.from({ length: count }, (_, k) => chip.readUint8(address + k));
}

export function copy(chip, to, from, count) {
  write(chip, to, bytesAt(chip, from, count));
}

export function fill(chip, to, value, count) {
  write(chip, to, new Uint8Array(count).fill(value));
}

function write(chip, to, bytes) {
  const target = span(chip, to, bytes.length);
  if (target) {
    target.set(bytes);
    return;
  }
  const words = new DataView(bytes.buffer, bytes.byteOffset);
  let k = 0;
  if (!(to & 3)) for (; k + 4 <= bytes.length; k += 4) chip.writeUint32(to + k, words.getUint32(k, true));
  for (; k < bytes.length; k++) chip.writeUint8(to + k, bytes[k]);
}

/** RAM and flash, where almost every access goes, before rp2040js's search through the whole memory map. */
export function shorten(chip) {
  const [read16, read32, write32] = ['readUint16', 'readUint32', 'writeUint32'].map((name) => chip[name].bind(chip));
  const code = new Uint16Array(chip.flash.buffer);
  const flash = new Uint32Array(chip.flash.buffer);
  const ram = new Uint32Array(chip.sram.buffer);
  chip.readUint16 = (address) => {
    const at = (address - FLASH) >>> 1;
    return at < code.length && !(address & 1) ? code[at] : read16(address);
  };
  chip.readUint32 = (address) => {
    if (address & 3) return read32(address); // which it complains of
    const at = (address - RAM) >>> 2;
    if (at < ram.length) return ram[at];
    const kept = (address - FLASH) >>> 2;
    return kept < flash.length ? flash[kept] : read32(address);
  };
  chip.writeUint32 = (address, value) => {
    const at = (address - RAM) >>> 2;
    if (at < ram.length && !(address & 3)) ram[at] = value;
    else write32(address, value);
  };
}
