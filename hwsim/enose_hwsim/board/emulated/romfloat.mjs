// The boot ROM's floating point (RP2040 data sheet, section 2.8.3.2): two tables of 32 functions, in this order.
// What MicroPython does not call is refused by name. Results are IEEE's, where the ROM flushes denormals to zero.

// Averages of the order that the data sheet's tables give for one operation of each kind.
const FLOAT_CYCLES = 70;
const DOUBLE_CYCLES = 150;

const view = new DataView(new ArrayBuffer(8));

const single = {
  cycles: FLOAT_CYCLES,
  argument(r, k) {
    view.setUint32(0, r[k]);
    return view.getFloat32(0);
  },
  give(r, value) {
    view.setFloat32(0, value);
    r[0] = view.getUint32(0);
  },
};

const double = {
  cycles: DOUBLE_CYCLES,
  argument(r, k) {
    view.setUint32(0, r[2 * k + 1]);
    view.setUint32(4, r[2 * k]);
    return view.getFloat64(0);
  },
  give(r, value) {
    view.setFloat64(0, value);
    r[1] = view.getUint32(0);
    r[0] = view.getUint32(4);
  },
};

function give64(r, value) {
  view.setBigInt64(0, BigInt.asIntN(64, value));
  r[1] = view.getUint32(0);
  r[0] = view.getUint32(4);
}

function argument64(r) {
  view.setUint32(0, r[1]);
  view.setUint32(4, r[0]);
  return view.getBigInt64(0);
}

const within = (value, low, high) => Math.min(Math.max(Math.floor(value) || 0, low), high); // NaN gives 0

function within64(value, low, high) {
  if (Number.isNaN(value)) return 0n;
  if (value <= Number(low)) return low;
  return value >= Number(high) ? high : BigInt(Math.floor(value));
}

function functions(kind, other) {
  const binary = (f) => (r) => kind.give(r, f(kind.argument(r, 0), kind.argument(r, 1)));
  const of = (f) => (r) => kind.give(r, f(kind.argument(r, 0)));
  const toInteger = (low, high) => (r) => (r[0] = within(kind.argument(r, 0), low, high));
  const toInteger64 = (low, high) => (r) => give64(r, within64(kind.argument(r, 0), low, high));
  const offered = {
    add: binary((a, b) => a + b),
    sub: binary((a, b) => a - b),
    mul: binary((a, b) => a * b),
    div: binary((a, b) => a / b),
    sqrt: of(Math.sqrt),
    toInt: toInteger(-(2 ** 31), 2 ** 31 - 1),
    toUint: toInteger(0, 2 ** 32 - 1),
    fromInt: (r) => kind.give(r, r[0] | 0),
    fromUint: (r) => kind.give(r, r[0]),
    fromInt64: (r) => kind.give(r, Number(argument64(r))),
    fromUint64: (r) => kind.give(r, Number(BigInt.asUintN(64, argument64(r)))),
    toInt64: toInteger64(-(2n ** 63n), 2n ** 63n - 1n),
    toUint64: toInteger64(0n, 2n ** 64n - 1n),
    convert: (r) => other.give(r, kind.argument(r, 0)),
  };
  return ORDER.map((name) => {
    const f = offered[name];
    return (r) => {
      if (!f) throw new Error(`the boot ROM's floating-point function '${name}' is not in the stand-in`);
      f(r);
      return kind.cycles;
    };
  });
}

const ORDER = [
  'add', 'sub', 'mul', 'div', 'cmpFast', 'cmpFastFlags', 'sqrt', 'toInt', 'toFix', 'toUint', 'toUfix',
  'fromInt', 'fromFix', 'fromUint', 'fromUfix', 'cos', 'sin', 'tan', 'sincos', 'exp', 'ln', 'cmpBasic', 'atan2',
  'fromInt64', 'fromFix64', 'fromUint64', 'fromUfix64', 'toInt64', 'toFix64', 'toUint64', 'toUfix64', 'convert',
];

/** The table 'SF'. */
export const floats = () => functions(single, double);

/** The table 'SD'. */
export const doubles = () => functions(double, single);
