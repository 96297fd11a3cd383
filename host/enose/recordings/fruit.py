"""The recordings that come with the project: banana, lemon and lychee from the simulated gas and sensors."""

import numpy as np

from enose.recordings.specimen import Recordings, Specimen, check_classes, chosen_classes
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim import gas

SPECIMENS_PER_CLASS = 8  # 24 in all, as in the paper (Sensors 13 (2013) 193-207, section 3)
AVERAGE = 4  # samples: two seconds
PER_DAY = 8


def simulated_fruit(
    seed: int, classes: tuple[str, ...] | None = None, compound_spread: float = gas.COMPOUND_SPREAD
) -> Recordings:
    """24 simulated specimens, 8 of each fruit, in an order drawn by the seed, smelt by one array over three days.

    `compound_spread` is how little two fruits of a kind smell alike, as for gas.simulate.

    Raises RecordingsError for a class that is not a fruit known to the model.
    """
    classes = chosen_classes("simulated fruit", tuple(gas.ODOURS), classes)
    array = gas.SensorArray.made(seed)
    rng = np.random.default_rng([seed, 0xF2])
    order = rng.permutation([name for name in classes for _ in range(SPECIMENS_PER_CLASS)])
    specimens = []
    for k, name in enumerate(order.tolist()):
        smelt = gas.simulate(name, int(rng.integers(2**32)), array, day=k / PER_DAY, compound_spread=compound_spread)
        specimens.append(
            Specimen(
                label=name,
                group=f"specimen {k}",
                batch=f"day {k // PER_DAY}",
                sample_s=smelt.sample_s,
                baseline_ohm=smelt.baseline_ohm,
                exposure_ohm=smelt.exposure_ohm,
                recovery_ohm=smelt.recovery_ohm,
                warmup_ohm=smelt.warmup_ohm,
            )
        )
    title = f"simulated fruit, seed {seed}: {len(specimens)} specimens"
    recordings = Recordings(title, True, gas.SENSORS, classes, NORM_CHANGE, tuple(specimens), AVERAGE)
    return check_classes("simulated fruit", recordings)
