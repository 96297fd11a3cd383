// One Pico: the chip with its boot ROM, flash, USB host and the board's parts on its pins. A watchdog makes the chip anew.

import { createRequire } from 'node:module';
import { bootRom } from './bootrom.mjs';
import { wireI2c } from './i2c.mjs';
import { shorten } from './memory.mjs';
import { wireAdc, wirePins, wirePwm } from './pins.mjs';
import { wireSpi } from './spi.mjs';
import { UsbHost } from './usb.mjs';

const { RP2040, ConsoleLogger, LogLevel } = createRequire(import.meta.url)('rp2040js');
const VECTORS = 0x10000100; // behind the second-stage boot loader, whose work the emulator has no need of
const WATCHDOG = 0x40058;

class WatchdogReset extends Error {}

export class Pico {
  /** flash: see flash.mjs; board: see requests.mjs; trace(pin, level) is told of every edge. */
  constructor(flash, board, trace) {
    this.flash = flash;
    this.board = board;
    this.trace = trace;
    this.rom = bootRom();
    this.began_ns = 0;
    this.cycles = 0; // in which the processor ran
    this.owed = 0; // cycles of a boot-ROM function, not yet on the clock
    this.#power(null);
  }

  get now_ns() {
    return this.began_ns + this.chip.clock.nanos;
  }

  get waiting() {
    return this.chip.core.waiting;
  }

  /** When a timer will go off next, at most a second from now. */
  get alarm_ns() {
    return this.now_ns + (this.chip.clock.nextAlarm ? this.chip.clock.nanosToNextAlarm : 1e9);
  }

  /** Execute until until_ns, or until the processor waits for something that does not come before. */
  run(until_ns) {
    try {
      this.#execute(until_ns);
    } catch (error) {
      if (!(error instanceof WatchdogReset)) throw error;
      this.#power(this.chip);
    }
  }

  /** Let time pass while the processor waits. */
  sleep(until_ns) {
    if (until_ns > this.now_ns) this.run(until_ns);
    if (until_ns > this.now_ns) this.chip.clock.tick(until_ns - this.now_ns);
  }

  #execute(until_ns) {
    const { core, clock } = this.chip;
    const until = until_ns - this.began_ns;
    const cycle_ns = 1e9 / this.chip.clkSys;
    while (clock.nanosCounter < until) {
      if (core.waiting) {
        if (!clock.nextAlarm || clock.nextAlarm.nanos > until) return;
        clock.tick(clock.nanosToNextAlarm);
      } else {
        let cycles = core.executeInstruction();
        if (this.owed) {
          cycles += this.owed;
          this.owed = 0;
        }
        this.cycles += cycles;
        const after = clock.nanosCounter + cycles * cycle_ns; // as clock.tick does, which is too long to be inlined
        if (clock.nextAlarm !== null && clock.nextAlarm.nanos <= after) clock.tick(cycles * cycle_ns);
        else clock.nanosCounter = after;
      }
    }
  }

  /** before: the chip whose watchdog has bitten, or null. */
  #power(before) {
    const chip = new RP2040();
    chip.logger = new ConsoleLogger(LogLevel.Error);
    if (before) {
      this.began_ns += before.clock.nanos;
      const [watchdog, old] = [chip, before].map((each) => each.peripherals[WATCHDOG]);
      watchdog.reason = old.reason;
      watchdog.scratchData.set(old.scratchData);
    }
    this.chip = chip;
    this.owed = 0;
    chip.loadBootrom(this.rom.words);
    this.flash.solder(chip);
    shorten(chip);
    chip.onBreak = (n) => (this.owed += this.rom.trap(n, chip.core.registers, chip, this.flash));
    chip.peripherals[WATCHDOG].onWatchdogTrigger = () => {
      throw new WatchdogReset();
    };
    const ends = [0, 1].map((bus) => wireSpi(chip, this.board, bus));
    for (const bus of [0, 1]) wireI2c(chip, this.board, bus);
    wirePins(chip, this.board, () => ends.forEach((end) => end()), (pin, level) => this.trace(this, pin, level));
    wirePwm(chip, this.board, () => ends.forEach((end) => end()));
    wireAdc(chip, this.board);
    this.usb = new UsbHost(chip, this.usb?.toHost);
    chip.core.VTOR = VECTORS;
    chip.core.reset();
  }
}
