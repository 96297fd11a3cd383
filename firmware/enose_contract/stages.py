"""Whether a memristor network's weights could drive its own devices to their threshold in inference.

Circuit after V. Mladenov et al., preprint 10.20944/preprints202401.1245 (2024), paper 002. An adder is two inverting
stages (figure 9): the plus stage puts out the sum of feedback over memristance times level over its positive weights,
the sum stage that over all weights (equations 16 and 17). Each stage has as many memristors in its feedback as share
its limit below their threshold (equation 18).

Whole picovolts: a term is rounded by less than one of them, and microvolts of a level are taken as exact.
"""

from enose_contract.image import ImageError
from enose_contract.messages import E_STAGE

ROUNDING_PV = 1000  # a stage on its limit may miss it by so much, as the simulated chip's monitor allows it to


def worst_stage_pv(row: list[int], low_uv: int, high_uv: int, bias_uv: int, feedback_mohm: int) -> int:
    """The farthest from the common node that any inputs of low_uv..high_uv bring either stage of one neuron, in pV.

    row: signed memristances in ohm, the bias last; negative at the adder's minus input, 0 with the switch open.
    """
    plus_low = plus_high = sum_low = sum_high = 0
    scale = feedback_mohm * 1000  # mohm times uV over ohm is nV
    bias = len(row) - 1
    for i in range(len(row)):
        ohm = row[i]
        if ohm == 0:
            continue
        at_low = scale * (bias_uv if i == bias else low_uv) // ohm
        at_high = scale * (bias_uv if i == bias else high_uv) // ohm
        least, most = min(at_low, at_high), max(at_low, at_high)
        sum_low += least
        sum_high += most
        if ohm > 0:
            plus_low += least
            plus_high += most
    return max(abs(plus_low), abs(plus_high), abs(sum_low), abs(sum_high))


def check_stages(weights: list[int], feedback_mohm: int, bias_uv: int, layers: list[dict[str, int]]) -> None:
    """Hold that no inputs of the chip's range drive a stage beyond what it is built for.

    weights: signed ohm, neuron by neuron, the first layer's first. layers: each with its `neurons`, their `inputs`
    without the bias, the inputs' `low_uv` and `high_uv` and the stages' `limit_uv`, all from the common node.
    Raises ImageError(E_STAGE) with the first neuron that could be, counted from 0, and its limit in uV.
    """
    at = neuron = 0
    for layer in layers:
        width = layer["inputs"] + 1
        limit_uv = layer["limit_uv"]
        for _ in range(layer["neurons"]):
            row = weights[at : at + width]
            worst_pv = worst_stage_pv(row, layer["low_uv"], layer["high_uv"], bias_uv, feedback_mohm)
            if worst_pv > limit_uv * 1000000 + ROUNDING_PV:
                raise ImageError(E_STAGE, neuron, limit_uv)
            at += width
            neuron += 1
