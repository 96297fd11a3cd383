"""Programming the chip from the app: the upload, the weights one by one, and a look at what is there then."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from enose.app.bench import Chosen
from enose.app.session import Connected
from enose.app.work import Job
from enose.mapping import mapping_of
from enose_contract.image import UNIT_UV, Image

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pulse:
    """What one pulse has made of a memristor of the simulated chip."""

    t_s: float
    device: int
    ohm: float


@dataclass(frozen=True)
class Weights:
    """A chip's weights as they are wanted, and as far as that can be known as they are: volts, or signed ohms.

    read is None where nobody can read them back; age_s is None then, or for cells that do not forget.
    """

    wanted: Floats
    programmed: Floats
    read: Floats | None
    age_s: Floats | None


@dataclass(frozen=True)
class Outcome:
    """A programming that the device has said to be done."""

    chosen: Chosen
    generation: int
    weights: Weights
    pulses: tuple[Pulse, ...] = field(default=())


def program_image(now: Connected, job: Job, chosen: Chosen, calibration: bytes | None) -> Outcome:
    """Store the image, put it into force, and see that its weights are held.

    calibration: the identity of what this chip was found to be; the device is told, so that it takes the image that was
    made for it. Raises DeviceError where the device refuses, LinkError where the weights are not held in the end.
    """
    from enose.link.conversation import LinkError

    image = chosen.image
    if calibration is not None and image.calibration == calibration:
        now.device.fit(None, calibration)
    seen: list[Pulse] = []
    simulation = now.simulation
    unwatch = simulation.watch_pulses(lambda t, k, ohm: seen.append(Pulse(t, k, ohm))) if simulation else lambda: None
    try:
        generation = now.device.program(
            chosen.raw,
            lambda done, total: job.step("uploading (bytes)", done, total),
            lambda done, total: job.step("programming (weights)", done, total),
        )
    finally:
        unwatch()
    status = now.device.status()
    if status["weights"] != "held":
        raise LinkError(f"{now.address}: programmed, but its weights are {status['weights']}")
    return Outcome(chosen, generation, weights_of(now, image), tuple(seen))


def weights_of(now: Connected, image: Image) -> Weights:
    """The weights of an image on the chip that is connected."""
    mapping = mapping_of(now.chip)
    wanted, programmed = mapping.exact(image.weights), mapping.written(image.weights)
    if now.simulation is None:
        return Weights(wanted, programmed, None, None)
    read = now.simulation.weights_now()
    if image.unit != UNIT_UV:
        read = np.sign(wanted) * read  # which adder's input a device is switched to is not its own
    return Weights(wanted, programmed, read, now.simulation.ages_now())


def grid(values: Floats, inputs: int, hidden: int, outputs: int) -> list[tuple[str, list[tuple[str, float]]]]:
    """Weights neuron by neuron: its name, and of each of its synapses the name and the value."""
    found = []
    at = 0
    for layer, neurons, sources in (("hidden", hidden, inputs), ("output", outputs, hidden)):
        for k in range(neurons):
            names = [f"{'input' if layer == 'hidden' else 'hidden'} {i + 1}" for i in range(sources)] + ["bias"]
            row = list(zip(names, np.asarray(values[at : at + sources + 1]).tolist(), strict=True))
            found.append((f"{layer} {k + 1}", row))
            at += sources + 1
    return found
