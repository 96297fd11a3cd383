// The Pico's flash: 2 MiB kept in a file, erased and programmed by the boot ROM's functions.
// A flash chip is busy meanwhile, and so is the processor that runs from it (W25Q16JV data sheet, t_SE and t_PP, typical).

import fs from 'node:fs';
import { bytesAt } from './memory.mjs';

const SIZE = 2 << 20;
const SECTOR = 4096;
const PAGE = 256;
const ERASE_S = 45e-3;
const PROGRAM_S = 0.7e-3;
const SSI = 0x18000;
const DATA = 0x60; // the serial interface's data register
const READ_UNIQUE_ID = 0x4b; // and four dummy bytes
const UNIQUE_ID_AFTER = 5;
const UNIQUE_ID = Buffer.from('SIMBOARD'); // by this the host knows a simulated board

export class Flash {
  /** The file at `path` holds the flash's 2 MiB; what the firmware writes is written there at once. */
  constructor(path) {
    this.file = fs.openSync(path, 'r+');
    this.kept = fs.readFileSync(this.file);
    if (this.kept.length !== SIZE) throw new Error(`${path}: ${this.kept.length} bytes, the flash has ${SIZE}`);
  }

  /** Put the flash into a chip that was just made. */
  solder(chip) {
    chip.flash.fill(0xff);
    chip.flash.set(this.kept);
    this.chip = chip;
    tellUniqueId(chip.peripherals[SSI]);
  }

  erase(offset, count) {
    this.chip.flash.fill(0xff, offset, offset + count);
    return this.#keep(offset, count, (count / SECTOR) * ERASE_S);
  }

  program(offset, from, count) {
    const { flash } = this.chip;
    bytesAt(this.chip, from, count).forEach((byte, k) => (flash[offset + k] &= byte));
    return this.#keep(offset, count, (count / PAGE) * PROGRAM_S);
  }

  #keep(offset, count, busy_s) {
    const changed = this.chip.flash.subarray(offset, offset + count);
    this.kept.set(changed, offset);
    fs.writeSync(this.file, changed, 0, count, offset);
    return Math.round(busy_s * this.chip.clkSys);
  }
}

function tellUniqueId(interface_) {
  const write = interface_.writeUint32.bind(interface_);
  let byte = -1; // of the command that is shifted in
  interface_.writeUint32 = (offset, value) => {
    write(offset, value);
    if (offset !== DATA) return;
    if (byte < 0 && value === READ_UNIQUE_ID) byte = 0;
    else if (byte >= 0) byte++;
    if (byte >= UNIQUE_ID_AFTER) interface_.dr0 = UNIQUE_ID[byte - UNIQUE_ID_AFTER];
    if (byte === UNIQUE_ID_AFTER + UNIQUE_ID.length - 1) byte = -1;
  };
}
