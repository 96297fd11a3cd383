// An SPI master's bytes as whole frames to the board's parts, each byte taking its eight clocks.
// A frame that fits the transmit FIFO is complete there before its first byte is over: the parts answer it as one. A longer
// one is handed over when a pin changes next, its chip select; nothing is read back from it.

import { SPI_TRANSFER, SPI_WRITE } from './requests.mjs';

const BITS = 8;
const GATHER_NS = 1000; // at least: what the processor needs to fill the FIFO

/** Returns end(): called ahead of every edge of a pin. */
export function wireSpi(chip, board, bus) {
  const spi = chip.spi[bus];
  let frame = []; // of a long frame, so far
  let answers = []; // to the bytes that are on their way
  let sent = 0;
  const byte_ns = () => (BITS * 1e9) / spi.clockFrequency;
  const alarm = chip.clock.createAlarm(() => {
    if (!answers.length) {
      const bytes = [sent, ...waiting(spi.txFIFO)];
      if (frame.length || spi.txFIFO.full) {
        frame.push(sent);
        answers = [0];
      } else {
        answers = [...board.call(SPI_TRANSFER, bus, ...bytes)];
      }
    }
    spi.completeTransmit(answers.shift());
  });
  spi.onTransmit = (value) => {
    sent = value;
    const first = !answers.length && !frame.length;
    alarm.schedule(first ? Math.max(byte_ns(), GATHER_NS) : byte_ns());
  };
  return () => {
    if (frame.length) board.post(SPI_WRITE, bus, ...frame);
    frame = [];
    answers = [];
  };
}

function waiting(fifo) {
  const bytes = Array.from({ length: fifo.itemCount }, () => fifo.pull());
  for (const byte of bytes) fifo.push(byte);
  return bytes;
}
