// GPIO and the microcontroller's ADC: what the firmware drives goes to the board's parts, what it reads comes from them.

import { createRequire } from 'node:module';
import { ADC_READ, PIN_READ, PIN_WRITE } from './requests.mjs';

const { GPIOPinState } = createRequire(import.meta.url)('rp2040js');
const SIO = 5; // the function of a pin that software drives (RP2040 data sheet, section 2.19.2)
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

export function wireAdc(chip, board) {
  const { adc } = chip;
  const convert = adc.onADCRead; // takes channelValues' entry after the conversion's 2 us
  adc.onADCRead = (channel) => {
    const asked = channel < ADC_PINS ? ADC_PIN_0 + channel : channel;
    adc.channelValues[channel] = board.call(ADC_READ, asked).readUInt16LE() >> 4; // MicroPython spreads 12 bits over 16
    convert(channel);
  };
}
