// An I2C master's bytes as whole transfers to the board's parts, each byte taking its nine clocks.
// The address is asked for with an empty write; a read asks the part once for as much as any part has to say.

import { I2C_READ, I2C_WRITE } from './requests.mjs';

const READ_AT_MOST = 64;
const CLOCKS = 9; // eight bits and the acknowledge
const READ = 1;
const TX_EMPTY = 1 << 4; // of the raw interrupts

export function wireI2c(chip, board, bus) {
  const i2c = chip.i2c[bus];
  let address = 0;
  let written = []; // since the address, not yet handed to the part
  let read = null; // what the part says in a read transfer
  let at = 0;
  let done = null;
  const alarm = chip.clock.createAlarm(() => done());
  const byte_ns = () => (CLOCKS * (i2c.sclLowPeriod + i2c.sclHighPeriod) * 1e9) / chip.clkSys;
  const afterAByte = (then) => {
    done = () => {
      then();
      if (!i2c.busy) raise(TX_EMPTY);
    };
    alarm.schedule(byte_ns());
  };

  // pico-sdk looks for an abort as soon as the FIFO is empty: that must not be before the byte's acknowledge, nor never.
  const raise = i2c.setInterrupts.bind(i2c);
  i2c.setInterrupts = (mask) => {
    if (mask !== TX_EMPTY) raise(mask);
  };

  i2c.onStart = () => i2c.completeStart();
  i2c.onConnect = (to, mode) => {
    address = to;
    at = 0;
    if (mode === READ) {
      read = board.call(I2C_READ, bus, address, READ_AT_MOST & 0xff, READ_AT_MOST >> 8, ...written);
      written = [];
      afterAByte(() => i2c.completeConnect(read !== null));
    } else {
      const answered = board.call(I2C_WRITE, bus, address) !== null;
      afterAByte(() => i2c.completeConnect(answered));
    }
  };
  i2c.onWriteByte = (value) => {
    written.push(value);
    const taken = i2c.stop ? flush() : true;
    afterAByte(() => i2c.completeWrite(taken));
  };
  i2c.onReadByte = () => {
    const value = at < read.length ? read[at] : 0xff; // nobody pulls the line low
    at++;
    afterAByte(() => i2c.completeRead(value));
  };
  i2c.onStop = () => {
    flush();
    i2c.completeStop();
  };

  function flush() {
    const bytes = written;
    written = [];
    return !bytes.length || board.call(I2C_WRITE, bus, address, ...bytes) !== null;
  }
}
