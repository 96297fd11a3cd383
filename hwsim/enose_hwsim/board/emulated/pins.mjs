// GPIO and the microcontroller's ADC: what the firmware drives goes to the board's parts, what it reads comes from them.

import { createRequire } from 'node:module';
import { ADC_READ, PIN_READ, PIN_WRITE, PWM_WRITE } from './requests.mjs';

const { GPIOPinState } = createRequire(import.meta.url)('rp2040js');
const SIO = 5; // the function of a pin that software drives (RP2040 data sheet, section 2.19.2)
const PWM = 4;
const PWM_SLICES = 8;
const PWM_SLICE = 0x14; // bytes of registers; the pins of slice k are 2 k and 2 k + 1, and those 16 above
const ADC_PIN_0 = 26;
const ADC_PINS = 4;

/** before(): called ahead of every edge; trace(pin, level): told of it. */
export function wirePins(chip, board, before, trace) {
  chip.gpio.forEach((pin, number) => {
    let driven = null;
    pin.addListener((state) => {
      if (pin.functionSelect !== SIO) return;
      let level;
      if (state === GPIOPinState.Low) level = 0;
      else if (state === GPIOPinState.High) level = 1;
      else if (driven === 0) level = 1; // an open-drain line let go: the board's pull-up takes it
      else return;
      driven = level;
      before();
      trace(number, level);
      board.post(PIN_WRITE, number, level);
    });
  });
  Object.defineProperty(chip, 'gpioValues', {
    get: () => chip.gpio.reduce((levels, pin, number) => levels | (level(pin, number, board) << number), 0),
  });
}

function level(pin, number, board) {
  if (pin.outputEnable) return pin.outputValue ? 1 : 0;
  return pin.functionSelect === SIO ? board.call(PIN_READ, number)[0] : Number(pin.inputValue);
}

/** A pin's edges are not the board's to see, but the part of the time that it is high. */
export function wirePwm(chip, board, before) {
  const { pwm } = chip;
  const write = pwm.writeUint32.bind(pwm);
  pwm.writeUint32 = (offset, value) => {
    write(offset, value);
    const slice = Math.floor(offset / PWM_SLICE);
    if (slice >= PWM_SLICES) return;
    const { cc, top } = pwm.channels[slice];
    chip.gpio.forEach((pin, number) => {
      if (pin.functionSelect !== PWM || (number >> 1) % PWM_SLICES !== slice) return;
      const high = number & 1 ? cc >>> 16 : cc & 0xffff;
      const duty = Math.min(Math.round((high / (top + 1)) * 0xffff), 0xffff);
      before();
      board.post(PWM_WRITE, number, duty & 0xff, duty >> 8);
    });
  };
}

export function wireAdc(chip, board) {
  const { adc } = chip;
  const convert = adc.onADCRead; // takes channelValues' entry after the conversion's 2 us
  adc.onADCRead = (channel) => {
    const asked = channel < ADC_PINS ? ADC_PIN_0 + channel : channel;
    adc.channelValues[channel] = board.call(ADC_READ, asked).readUInt16LE() >> 4; // MicroPython spreads 12 bits over 16
    convert(channel);
  };
}
