"""What the display shows: the answer, its margin as a bar, the state or the fault, the air and the battery.

Drawn a few letters a turn of the loop: on a board a letter takes some 0.2 ms to draw.
"""

from enose_contract import decision, messages
from enose_device.display.ssd1306 import COLUMNS
from enose_device.safety import NoAnswerError

EVERY_MS = 500
LETTERS = 4  # drawn in one turn
LINE = 21  # letters of 6 columns
LARGE = 10
FULL_PPM = 1000000
# messages' FAULTS and REASONS in words of the display: the device has no room for whole sentences
FAULTS = {
    1: "ASKED FOR BY HOST", 2: "I2C BUS", 3: "DAC READBACK", 4: "CODE OUT OF RANGE", 5: "CHIP SUPPLY",
    6: "NO READABLE IMAGE", 7: "TASK", 8: "IMAGE PARTITION", 9: "TEMPERATURE SENSOR", 10: "RESET LOOP",
    11: "NO START", 12: "IMAGE DOES NOT FIT", 13: "BATTERY EMPTY",
}  # fmt: skip
REASONS = {
    0: "", 1: "NO ODOUR", 2: "SENSOR OPEN OR SHORT", 3: "CHIP OUTPUT", 4: "WEIGHTS STALE", 5: "NO IMAGE",
    6: "SAFE STATE", 7: "WARMING UP", 8: "BASELINE MOVES", 9: "SENSOR SATURATED", 10: "SENSOR STUCK",
    11: "SENSOR NOT HEATED", 12: "HEATERS OFF", 13: "NOISE", 14: "REFERENCE DRIFTED", 15: "MORE TO MEASURE",
    16: "ROW DISAGREES", 17: "BURNING IN", 24: "BATTERY LOW",
}  # fmt: skip
PHASES = ("", "WARM UP", "BASELINE", "ODOUR", "RECOVERY")
BATTERY = ("", " LOW", " EMPTY")
ANSWERS = {decision.ABSTAIN: "UNSURE", decision.NONE: "NO ANSWER"}
COMPENSATIONS = ("", "", "NOT COMPENSATED")


class Face:
    """Draws for a device; a display that does not answer is left alone from then on, until the next start."""

    bit = messages.SILENT_DISPLAY

    def __init__(self, display, device) -> None:
        """display: a driver with begin, text, bar, show; device: app.Device."""
        self._display = display
        self._device = device
        self.silent = False
        self._answer_uv = _largest_margin_uv(device.configuration["chip"])

    def run(self):
        """The task."""
        try:
            yield from self._display.begin()
            while True:
                yield from self._draw()
                yield from self._display.show()
                yield EVERY_MS
        except NoAnswerError:
            self.silent = True
        while True:
            yield EVERY_MS

    def rest(self) -> None:
        """It goes on: it shows why the device rests."""

    def _draw(self):
        device = self._device
        cycle = device.cycle
        state = device.state()
        title, detail = self._words(state, cycle)
        large = len(title) <= LARGE
        yield from self._write(0, title if large else "", LARGE, 2)
        if not large:
            yield from self._write(0, title, LINE)
        yield from self._write(2, detail, LINE)
        answered = state == messages.DONE and cycle.answer != decision.NONE
        yield from self._write(3, "MARGIN %d MV" % (cycle.margin_uv // 1000) if answered else "", LINE)
        yield 0
        self._display.bar(4, 0, COLUMNS, FULL_PPM * cycle.margin_uv // self._answer_uv if answered else 0)
        yield 0
        yield from self._write(5, COMPENSATIONS[device.sensors.compensation], LINE)
        yield from self._write(6, self._air(), LINE)
        yield from self._write(7, self._power(), LINE)

    def _words(self, state: int, cycle):
        if state == messages.SAFE_STATE:
            fault = self._device.safety.fault
            return "SAFE", FAULTS.get(fault, "FAULT %d" % fault)
        if state == messages.MEASURING:
            return "MEASURING", "%s %d S" % (PHASES[cycle.phase], cycle.remaining_ms() // 1000)
        if state == messages.IDLE:
            return "READY", "" if cycle.image else REASONS[messages.REASON_NO_IMAGE]
        return cycle.label or ANSWERS.get(cycle.answer, ""), REASONS.get(cycle.reason, "REASON %d" % cycle.reason)

    def _air(self) -> str:
        climate = self._device.surroundings.climate
        if climate is None:
            return ""
        if not climate.known:
            return "NO CLIMATE SENSOR"
        return "AIR %d C %d %%RH" % (climate.temperature_mc // 1000, climate.humidity_mrh // 1000)

    def _power(self) -> str:
        battery = self._device.surroundings.battery
        if battery is None:
            return ""
        left_percent = battery.left_percent(self._device.surroundings.cell_uv)
        return "BATTERY %d%%%s" % (left_percent, BATTERY[battery.state])

    def _write(self, line: int, text: str, width: int, size: int = 1):
        """Over a whole line, with blanks to its end."""
        text = text[:width] + " " * (width - len(text))
        for k in range(0, width, LETTERS):
            self._display.text(line, 6 * size * k, text[k : k + LETTERS], size)
            yield 0


def _largest_margin_uv(chip) -> int:
    """What fills the bar: half of a band's width, or the whole way from rest to the end of the range."""
    if chip["rule"] == "largest":
        return chip["valid_max_uv"] - chip["rest_uv"]
    edges_uv = chip["edges_uv"]
    return (edges_uv[-1] - edges_uv[0]) // (2 * (len(edges_uv) - 1))
