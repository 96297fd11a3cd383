// An emulated Raspberry Pi Pico as a firmware process of the simulated board: node rp2040.mjs FLASH [TRACE]
//
// FLASH holds the 2 MiB of flash. The board's requests go over the pipes that ENOSE_BOARD_FDS names, USB serial over
// standard input and output. Into TRACE goes one line an edge of a pin: time in ns, cycles that ran so far, pin, level.
// Time is the board's: it is asked every few milliseconds, and when the processor sleeps for longer than that.

import fs from 'node:fs';
import { Flash } from './flash.mjs';
import { Pico } from './pico.mjs';
import { Board } from './requests.mjs';

const SLICE_NS = 4e6; // a byte of the host waits this long at most; every question costs two changes of process

const [flashPath, tracePath] = process.argv.slice(2);
const start_us = Number(process.env.ENOSE_BOARD_START_US);
const traceFile = tracePath ? fs.openSync(tracePath, 'w') : null;
let edges = '';
const trace = (at, pin, level) => {
  if (traceFile !== null) edges += `${Math.round(at.now_ns)} ${at.cycles} ${pin} ${level}\n`;
};

const board = new Board(process.env.ENOSE_BOARD_FDS, () => start_us + Math.floor((pico?.now_ns ?? 0) / 1000));
let pico;
pico = new Pico(new Flash(flashPath), board, trace);
for (;;) {
  const slice_ns = pico.now_ns + SLICE_NS;
  pico.run(slice_ns);
  pico.usb.serve();
  const until_us = pico.waiting ? Math.ceil(Math.max(pico.alarm_ns, pico.now_ns) / 1000) : Math.floor(pico.now_ns / 1000);
  const now_us = board.idle(start_us + until_us); // until now: it does not sleep
  pico.usb.serve();
  pico.sleep((now_us - start_us) * 1000);
  if (edges) fs.writeSync(traceFile, edges);
  edges = '';
}
