"""Write-verify of a whole population at once: the step that the firmware runs, over arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_contract import pulses
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.memristors.population import Population

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Programmed:
    """What became of each device (N,): `done` or `gave_up`, its pulses, conversions and learnt speed, its last reading.

    `speed` is relative to the nominal device's.
    """

    done: Mask
    gave_up: Mask
    pulses: NDArray[np.int64]
    reads: NDArray[np.int64]
    speed: Floats
    read_ohm: Floats


def law_of(chip: MemristorFile) -> pulses.Law:
    """The devices and pulses of a chip file, as the step takes them."""
    device, pulse = chip.devices, chip.pulse
    return pulses.Law(
        device.k_per_s, device.r_on_ohm, device.r_off_ohm, device.m, device.threshold_v,
        pulse.min_v, pulse.max_v, round(pulse.min_on_s * 1e6), round(pulse.max_on_s * 1e6),
    )  # fmt: skip


def program(population: Population, target_ohm: ArrayLike, chip: MemristorFile, read_noise: float) -> Programmed:
    """Bring every device to within the chip's tolerance of its target (N,), or give it up.

    read_noise: relative, that a conversion is expected to have; a reading is the mean of as many as the tolerance asks
    for. Raises ValueError for a read voltage at the threshold, and for a target outside the chip's range, naming its
    index, value and what is reachable.
    """
    device, read_v = chip.devices, chip.pulse.read_v
    target = np.asarray(target_ohm, dtype=np.float64)
    outside = ~((target >= device.min_ohm) & (target <= device.max_ohm))
    if outside.any():
        k = int(np.flatnonzero(outside)[0])
        raise ValueError(f"target {k}: {target[k]:g} ohm, reachable are {device.min_ohm:g}..{device.max_ohm:g} ohm")
    pulses.check_read(read_v, device.threshold_v)
    average = pulses.reads_needed(read_noise, device.tolerance)
    run = pulses.WriteVerify(law_of(chip), target, device.tolerance, read_noise / np.sqrt(average), np)
    ohm = population.read_ohm(read_v, average)
    reads = np.full(len(target), average)
    while True:
        v, on_us = run.step(ohm)
        working = np.flatnonzero(run.state == pulses.WORKING)
        if not len(working):
            break
        population.pulse(v[working], on_us[working] * 1e-6, working)
        ohm[working] = population.read_ohm(read_v, average, working)
        reads[working] += average
    state = run.state
    return Programmed(state == pulses.DONE, state == pulses.GAVE_UP, run.pulses.astype(np.int64), reads, run.speed, ohm)
