// A stand-in for the RP2040's boot ROM (RP2040 data sheet, section 2.8.3 "Bootrom contents").
// Each function is two instructions, `bkpt #n; bx lr`: the emulator stops at the first, and JavaScript does the work.

import { doubles, floats } from './romfloat.mjs';
import { copy, fill } from './memory.mjs';

const BKPT = 0xbe00;
const BX_LR = 0x4770;
const VERSION = 3;
const HEADER = 0x10; // 'M', 'u', 1, version; then the pointers to both tables and to the lookup
const FUNCTIONS_AT = 0x100;
const SIZE = 16384;

// Estimates: the real ROM copies and fills with bursts of four words.
const FILL_CYCLES = (count) => 20 + count / 2;
const COPY_CYCLES = (count) => 20 + count;
const BITS_CYCLES = 20;

const code = (name) => name.charCodeAt(0) | (name.charCodeAt(1) << 8);

function lookup(r, chip) {
  let at = r[0];
  const wanted = r[1] & 0xffff;
  while (chip.readUint16(at) && chip.readUint16(at) !== wanted) at += 4;
  r[0] = chip.readUint16(at) ? chip.readUint16(at + 2) : 0;
  return BITS_CYCLES;
}

function popcount(value) {
  let ones = 0;
  for (let rest = value; rest; rest &= rest - 1) ones++;
  return ones;
}

function reversed(value) {
  let result = 0;
  for (let bit = 0; bit < 32; bit++) result = (result << 1) | ((value >>> bit) & 1);
  return result;
}

const onBits = (f) => (r) => ((r[0] = f(r[0])), BITS_CYCLES);
const nothing = () => 0; // flash setup: the emulated flash is always ready

/** The functions by their two-letter codes; each takes (registers, chip, flash) and returns the cycles it costs. */
function byCode() {
  const memset = (r, chip) => (fill(chip, r[0], r[1] & 0xff, r[2]), FILL_CYCLES(r[2]));
  const memcpy = (r, chip) => (copy(chip, r[0], r[1], r[2]), COPY_CYCLES(r[2]));
  return {
    P3: onBits(popcount),
    L3: onBits(Math.clz32),
    T3: onBits((value) => (value ? 31 - Math.clz32(value & -value) : 32)),
    R3: onBits(reversed),
    MS: memset,
    S4: memset,
    MC: memcpy,
    C4: memcpy,
    IF: nothing,
    EX: nothing,
    FC: nothing,
    CX: nothing,
    RE: (r, chip, flash) => flash.erase(r[0], r[1]),
    RP: (r, chip, flash) => flash.program(r[0], r[1], r[2]),
    UB: () => {
      throw new Error('the firmware asked for the USB boot loader, which is not emulated');
    },
  };
}

/** {words, trap}: the ROM for loadBootrom, and trap(n, registers, chip, flash) -> cycles for its BKPT n. */
export function bootRom() {
  const bytes = new DataView(new ArrayBuffer(SIZE));
  const traps = [];
  let at = FUNCTIONS_AT;
  const reserve = (count) => (at = (at + 3) & ~3, (at += count) - count);
  const stub = (f) => {
    const here = reserve(4);
    bytes.setUint16(here, BKPT | traps.length, true);
    bytes.setUint16(here + 2, BX_LR, true);
    traps.push(f);
    return here | 1; // the Thumb bit
  };
  const table = (entries) => {
    const here = reserve(4 * entries.length + 4); // a zero ends it
    entries.forEach(([name, pointer], k) => {
      bytes.setUint16(here + 4 * k, code(name), true);
      bytes.setUint16(here + 4 * k + 2, pointer, true);
    });
    return here;
  };
  const pointers = (functions) => {
    const addresses = functions.map(stub);
    const here = reserve(4 + 4 * addresses.length) + 4;
    bytes.setUint8(here - 2, addresses.length);
    addresses.forEach((address, k) => bytes.setUint32(here + 4 * k, address, true));
    return here;
  };
  bytes.setUint32(HEADER, code('Mu') | (1 << 16) | (VERSION << 24), true);
  bytes.setUint16(HEADER + 4, table(Object.entries(byCode()).map(([name, f]) => [name, stub(f)])), true);
  bytes.setUint16(HEADER + 6, table([['SF', pointers(floats())], ['SD', pointers(doubles())], ['CR', HEADER]]), true);
  bytes.setUint16(HEADER + 8, stub(lookup), true);
  const trap = (n, registers, chip, flash) => {
    if (n >= traps.length) throw new Error(`BKPT ${n}: the firmware has crashed`);
    return traps[n](registers, chip, flash);
  };
  return { words: new Uint32Array(bytes.buffer), trap };
}
