"""What a measurement has come to, as the device says it."""

from dataclasses import dataclass

from enose.link.conversation import Values
from enose.link.life import positions
from enose_contract import decision, messages


@dataclass(frozen=True)
class Answer:
    """The outcome of one measurement; voltages in V, resistances in ohm."""

    answer: str
    label: str
    band: int
    reason: str
    outputs_v: tuple[float, ...]
    margin_v: float
    inputs_v: tuple[float, ...]
    ohms: tuple[int, ...]
    weights: str
    compensation: str  # one of messages.COMPENSATIONS: whether `ohms` are those of reference air
    sensors_bad: tuple[int, ...] = ()
    sensors_drifted: tuple[int, ...] = ()
    burn_in_s: int = 0

    @property
    def output_v(self) -> float:
        """The first output; 0 where nothing was read."""
        return self.outputs_v[0] if self.outputs_v else 0.0


def text(raw: int | bytes) -> str:
    """A zero-padded text field; what is not ASCII in it is replaced."""
    return raw.rstrip(b"\0").decode("ascii", "replace") if isinstance(raw, bytes) else ""


def word(words: tuple[str, ...], number: int | bytes, what: str) -> str:
    """The word for a number of the message table, or the number itself where the table has none."""
    return words[number] if isinstance(number, int) and number < len(words) else f"{what} {number!r}"


def read_answer(raw: Values) -> Answer:
    """The answer in RESULT's reply."""
    number = {name: value for name, value in raw.items() if isinstance(value, int)}
    channels = min(number["channels"], messages.MAX_CHANNELS)
    outputs = min(number["outputs"], messages.MAX_OUTPUTS)
    return Answer(
        answer=decision.ANSWERS.get(number["answer"], "NONE"),
        label=text(raw["label"]),
        band=number["band"],
        reason=messages.REASONS.get(number["reason"], f"reason {number['reason']}"),
        outputs_v=tuple(number[f"output{k + 1}_uv"] * 1e-6 for k in range(outputs)),
        margin_v=number["margin_uv"] * 1e-6,
        inputs_v=tuple(number[f"input{k + 1}_uv"] * 1e-6 for k in range(channels)),
        ohms=tuple(number[f"ohm{k + 1}"] for k in range(channels)),
        weights=word(messages.WEIGHTS, number["weights"], "weights"),
        compensation=word(messages.COMPENSATIONS, number["compensation"], "compensation"),
        sensors_bad=positions(number["sensors_bad"]),
        sensors_drifted=positions(number["sensors_drifted"]),
        burn_in_s=number["burn_in_s"],
    )
