"""The image in force: what may become it, how it comes onto the chip, and the way back where it cannot."""

from enose_contract import image as weight_image
from enose_contract import messages, records


class Images:
    """Takes stored images into force; one that cannot be programmed leaves the one before it."""

    def __init__(self, device) -> None:
        """device: app.Device, of which nothing needs to be there yet."""
        self._device = device
        self.generation = 0  # that the chip has, or is being given
        self._before = None  # (image, generation) to go back to where a new one cannot be programmed
        self._asked = False  # whether a host waits to hear how the programming ends
        self._failure = None  # (generation, weight, ohm) of a programming that failed, until that host was told

    def check(self, image) -> None:
        """Raise ImageError where the image does not fit this device."""
        device = self._device
        facts = device.configuration["chip"]
        if image.chip != facts["name"]:
            raise weight_image.ImageError(messages.E_CHIP)
        if image.board != device.configuration["board"]:
            raise weight_image.ImageError(messages.E_BOARD)
        if image.unit != facts["unit"]:
            raise weight_image.ImageError(messages.E_UNIT, image.unit, facts["unit"])
        if image.pages:
            from enose_device.pages import check

            check(image, facts)
        elif len(image.weights) != facts["weights"] or len(image.channels) != facts["inputs"]:
            raise weight_image.ImageError(messages.E_TOPOLOGY, len(image.weights), facts["weights"])
        elif len(image.classes) != facts["classes"]:
            raise weight_image.ImageError(messages.E_TOPOLOGY, len(image.classes), facts["classes"])
        for k in range(len(image.weights)):
            if not device.chip.accepts(image.weights[k]):
                raise weight_image.ImageError(messages.E_WEIGHT, k, len(image.weights))
        device.chip.check_stages(image.weights)
        positions = device.configuration["sensors"]["positions"]
        for channel in image.channels:
            if channel >= positions:
                raise weight_image.ImageError(messages.E_SENSOR, channel, positions)
        device.fitted.check(image)

    def take(self, raw):
        """Store an image as it was uploaded; (generation, slot). Raises ImageError, the old image kept."""
        device = self._device
        store = device.store
        counter = 0
        if device.key.is_set:
            from enose_device import sealing  # no memory for it where no key is set

            counter, raw = sealing.opened(raw, device.key, store)
        elif bytes(raw[:4]) == weight_image.SEAL_MARK:
            raise weight_image.ImageError(messages.E_NO_KEY)
        if self._before and device.refresh.state == messages.WEIGHTS_PROGRAMMING:  # it may have to go back to that one
            raise weight_image.ImageError(messages.E_PROGRAMMING, device.refresh.written, device.chip.weight_count)
        device.collect()
        self.check(weight_image.unpack(raw))
        store.commit(raw, counter)
        if counter:
            from enose_device import sealing

            sealing.keep(store)
        self._failure = None  # of an image that had the same generation
        return store.generation, store.slot

    def load_stored(self) -> None:
        """Take the newest stored image into force, if there is one; the safe state where none can be read."""
        device = self._device
        store = device.store
        image = store.newest()
        if device.key.is_set:
            from enose_device import sealing

            sealing.recall(store)
        for slot in range(2):
            if store.damaged >> slot & 1:
                device.log.add(records.DAMAGED, slot, urgent=True)
        if store.problem:
            device.safety.trip(store.problem)
        elif image is not None:
            self.activate()

    def activate(self, generation: int = 0):
        """Take the newest stored image into force and program the chip; (weights, of these done so far).

        Where the chip is being given that image already, this only says how far it is; 0 begins in any case.
        """
        device = self._device
        refresh, store = device.refresh, device.store
        if refresh.state == messages.WEIGHTS_PROGRAMMING:
            if generation != self.generation:
                raise weight_image.ImageError(messages.E_PROGRAMMING, refresh.written, device.chip.weight_count)
            return device.chip.weight_count, refresh.written
        if generation == self.generation and generation and refresh.state == messages.WEIGHTS_HELD:
            return device.chip.weight_count, device.chip.weight_count
        image = store.newest()
        if image is None:
            raise weight_image.ImageError(messages.E_NO_IMAGE)
        if generation not in (0, store.generation):
            raise weight_image.ImageError(messages.E_GENERATION, generation, store.generation)
        self.check(image)
        device.require_supply()
        self._asked = generation != 0
        self._before = (device.cycle.image, self.generation) if generation not in (0, self.generation) else None
        self._program(image, store.generation)
        device.cycle.heat()
        return device.chip.weight_count, refresh.written

    def displace(self) -> None:
        """Take the image out of force, the chip at rest."""
        device = self._device
        device.refresh.forget()
        device.chip.rest()
        device.cycle.use(None)
        self.generation = 0

    def failed(self, weight: int, ohm: int) -> None:
        """A device gave up: the image from before stays in force, in the store and on the chip."""
        device = self._device
        if self._asked:
            self._failure = (self.generation, weight, ohm)
            self._asked = False
        if self._before is None:  # it was that image already, or the power-up's: it stays, its weights stale
            return
        (image, generation), self._before = self._before, None
        try:
            device.store.discard()
        finally:
            device.refresh.forget()
            self._program(image, generation)

    def report_failure(self, generation: int) -> None:
        """Raise ImageError(E_CELL), once, where this generation could not be programmed."""
        failure, self._failure = self._failure, None
        if failure is not None and failure[0] == generation:
            raise weight_image.ImageError(messages.E_CELL, failure[1], failure[2])

    def _program(self, image, generation: int) -> None:
        device = self._device
        self.generation = generation
        device.cycle.use(image)
        device.wake(False)
        if image is not None:
            device.log.add(records.IMAGE, d=generation)
            device.chip.load(image.weights)
            device.refresh.program()
