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

/** Most words are written to RAM; rp2040js looks each up among the peripherals first, which takes a tenth of its time. */
export function writeRamFirst(chip) {
  const write = chip.writeUint32.bind(chip);
  const { sramView } = chip;
  const last = sramView.byteLength - 4;
  chip.writeUint32 = (address, value) => {
    const at = (address >>> 0) - RAM;
    if (at >= 0 && at <= last) sramView.setUint32(at, value, true);
    else write(address, value);
  };
}
