"""What pages answer together: their scores at each step between training and a chip, combined as the device does."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enose.accuracy import ABSTAINED, NO_ANSWER, stage_outputs
from enose.image import band_classes
from enose.recordings import Recordings
from enose.training.pages import Pages
from enose_contract.decision import CLASS
from enose_contract.pages import SILENT_UV, combine, score_page
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import Chip
from enose_hwsim.configuration import decision_rule

Ints = NDArray[np.int64]


def paged_stages(
    pages: Pages, recordings: Recordings, indices: Ints, chip_file: AnyChip, chip: Chip, nominal: Chip
) -> dict[str, list[str]]:
    """The answers to these specimens at each of accuracy.STAGES, in the manner of accuracy.stages."""
    outputs = [stage_outputs(network, recordings, indices, chip_file, chip, nominal) for network in pages.networks]
    return {name: answers([each[name] for each in outputs], pages, chip_file) for name in outputs[0]}


def answers(outputs_v: Sequence[NDArray[np.floating]], pages: Pages, chip: AnyChip) -> list[str]:
    """A class, ABSTAINED or NO_ANSWER for every specimen, from each page's output, (S,), NaN where it was not shown."""
    rule, of_bands = decision_rule(chip), band_classes(pages, chip)
    found = []
    for of_pages in np.array(outputs_v).T:
        scores_uv = [SILENT_UV] * len(pages.classes)
        shown = [k for k in range(len(of_pages)) if np.isfinite(of_pages[k])]
        valid = [score_page(scores_uv, rule, of_bands[k], [round(float(of_pages[k]) * 1e6)]) for k in shown]
        answer, winner, _ = combine(scores_uv, rule["guard_uv"])
        if not shown or not all(valid):
            found.append(NO_ANSWER)
        else:
            found.append(pages.classes[winner] if answer == CLASS else ABSTAINED)
    return found
