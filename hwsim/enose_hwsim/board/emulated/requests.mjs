// The firmware's side of the requests to the simulated board, as ../device_side/operations.py has them.

import fs from 'node:fs';

export const PIN_WRITE = 1;
export const SPI_WRITE = 2;
export const PWM_WRITE = 3;
export const PIN_READ = 16;
export const SPI_TRANSFER = 17;
export const ADC_READ = 18;
export const I2C_WRITE = 19;
export const I2C_READ = 20;
const IDLE = 21;

const HEADER_SIZE = 11;
const ANSWER_SIZE = 3;

export class Board {
  /** fds: "READ,WRITE" of the two pipes; now_us() is the virtual time of a request. */
  constructor(fds, now_us) {
    [this.in, this.out] = fds.split(',').map(Number);
    this.now_us = now_us;
    this.posted = [];
  }

  /** A request that nobody waits for. */
  post(operation, ...bytes) {
    this.posted.push(this.#request(operation, bytes));
  }

  /** A request whose answer is waited for: its bytes, or null where the board answers with an errno. */
  call(operation, ...bytes) {
    this.posted.push(this.#request(operation, bytes));
    const whole = Buffer.concat(this.posted);
    this.posted = [];
    for (let at = 0; at < whole.length; ) at += fs.writeSync(this.out, whole, at);
    const answer = this.#read(ANSWER_SIZE);
    const data = this.#read(answer.readUInt16LE(0));
    return answer.readInt8(2) ? null : data;
  }

  /** Sleep until until_us at most; the time at which the board lets the firmware go on. */
  idle(until_us) {
    const until = Buffer.alloc(8);
    until.writeBigUInt64LE(BigInt(until_us));
    return Number(this.call(IDLE, ...until).readBigUInt64LE());
  }

  #request(operation, bytes) {
    const request = Buffer.alloc(HEADER_SIZE + bytes.length);
    request.writeUInt16LE(bytes.length, 0);
    request[2] = operation;
    request.writeBigUInt64LE(BigInt(this.now_us()), 3);
    request.set(bytes, HEADER_SIZE);
    return request;
  }

  #read(count) {
    const bytes = Buffer.alloc(count);
    for (let at = 0; at < count; ) {
      const got = fs.readSync(this.in, bytes, at, count - at, null);
      if (!got) process.exit(0); // the board was closed
      at += got;
    }
    return bytes;
  }
}
