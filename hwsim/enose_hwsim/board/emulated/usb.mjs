// The USB host at the emulated port: bytes from standard input to the device, bytes of the device to standard output.
// Both are pipes that never block. While standard output is full the host takes no packet: that is a host that does not read.

import fs from 'node:fs';
import { createRequire } from 'node:module';

const { USBCDC } = createRequire(import.meta.url)('rp2040js');
const STDIN = 0;
const STDOUT = 1;
const piece = Buffer.alloc(4096);

export class UsbHost {
  /** Plugged into a chip that was just made; `unsent` bytes of its forerunner are still on their way to the host. */
  constructor(chip, unsent = []) {
    this.usb = chip.usbCtrl;
    this.cdc = new USBCDC(this.usb);
    this.connected = false;
    this.fromHost = [];
    this.toHost = unsent;
    this.wanted = 0; // the size of the read that the device has armed
    this.held = false; // a packet that the host has not taken yet
    this.cdc.onDeviceConnected = () => (this.connected = true);
    this.cdc.onSerialData = (bytes) => {
      this.toHost.push(Buffer.from(bytes));
      this.#give();
    };
    // rp2040js ends every armed read at once, empty, and so keeps the device in its interrupt; a real host sends NAKs.
    this.usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.wanted = size;
      this.#send();
    };
    const taken = this.usb.indicateBufferReady.bind(this.usb);
    this.usb.indicateBufferReady = (endpoint, out) => {
      if (endpoint === this.cdc.inEndpoint && !out && this.toHost.length) this.held = true;
      else taken(endpoint, out);
    };
    this.take = () => {
      this.held = false;
      taken(this.cdc.inEndpoint, false);
    };
  }

  /** Take what the host has sent, give it what the device has. */
  serve() {
    this.#give();
    if (this.held && !this.toHost.length) this.take();
    let count;
    while ((count = attempt(() => fs.readSync(STDIN, piece, 0, piece.length, null)))) {
      this.fromHost.push(...piece.subarray(0, count));
    }
    this.#send();
  }

  #give() {
    while (this.toHost.length) {
      const written = attempt(() => fs.writeSync(STDOUT, this.toHost[0]));
      if (written < this.toHost[0].length) {
        this.toHost[0] = this.toHost[0].subarray(written);
        return;
      }
      this.toHost.shift();
    }
  }

  #send() {
    if (!this.wanted || !this.fromHost.length || !this.connected) return;
    const packet = Uint8Array.from(this.fromHost.splice(0, this.wanted));
    this.wanted = 0;
    this.usb.endpointReadDone(this.cdc.outEndpoint, packet);
  }
}

/** How many bytes went through; none where the pipe is full or empty. */
function attempt(transfer) {
  try {
    return transfer();
  } catch (error) {
    if (error.code === 'EAGAIN') return 0;
    throw error;
  }
}
