"""Many devices: a configuration for each, files for their servers, and boards one after another.

Each step can be done again: what is there already is compared and left. The key of a device is
made once; it is in the configuration in the batch's folder, and in the server's files.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.flash.failure import FlashError
from tools.flash.repl import Repl

from . import checker, imports, keys, onto
from .device import Device, document, known_key, text
from .failure import ProvisionError
from .files import name_of, write_private
from .journal import Journal
from .table import Findings, twice


class Batch:
    """The devices of one table, in a folder of their own."""

    def __init__(self, devices: list[Device], folder: Path, base: Mapping):
        self.devices = devices
        self.folder = folder
        self.base = base
        self.journal = Journal(folder / "journal.jsonl")

    def file_of(self, device: Device) -> Path:
        """Return where the configuration of a device is."""
        return self.folder / "devices" / (name_of(device.endpoint) + ".json")

    def make(self, progress=lambda: None) -> int:
        """Make all configurations, and check them; return how many are new or changed."""
        for device in self.devices:
            if device.secure and not device.key:
                device.key = known_key(self.file_of(device), device.endpoint) or keys.made()
        found = twice(self.devices)
        if found:
            raise Findings(found)
        changed = [device for device in self.devices if self._make(device, progress)]
        self._check()
        for device in changed:
            part = self._trial(device)
            part.replace(self.file_of(device))
        return len(changed)

    def _make(self, device: Device, progress) -> bool:
        data = text(document(self.base, device))
        file = self.file_of(device)
        progress()
        if file.exists() and file.read_bytes() == data:
            self._trial(device).unlink(missing_ok=True)  # of a batch that was stopped
            return False
        write_private(self._trial(device), data)
        return True

    def _trial(self, device: Device) -> Path:
        return self.file_of(device).with_suffix(".new")

    def _check(self) -> None:
        """Have the firmware look at all of them; what it refuses is not kept."""
        chosen = [
            (device, self._trial(device) if self._trial(device).exists() else self.file_of(device))
            for device in self.devices
        ]
        refusals = checker.refusals(file for _, file in chosen)
        found = [
            device.place + refusal.removeprefix("%s: " % file)
            for (device, file), refusal in zip(chosen, refusals, strict=True)
            if refusal
        ]
        if found:
            for device in self.devices:
                self._trial(device).unlink(missing_ok=True)
            raise Findings(found)

    def files_for_servers(self, kind: str) -> list[Path]:
        """Write what the servers import; return where."""
        return imports.write(self.devices, self.folder, kind)

    def is_done(self, device: Device) -> bool:
        """Return whether a board has the configuration as it is now."""
        step = self.journal.written.get(device.endpoint)
        digest = hashlib.sha256(self.file_of(device).read_bytes()).hexdigest()
        return step is not None and step["sha256"] == digest

    @property
    def left(self) -> list[Device]:
        """Return the devices that no board has yet, or not as they are now."""
        return [device for device in self.devices if not self.is_done(device)]

    def device_for(self, chip: str) -> Device | None:
        """Return which device a board is, or is to be; None where there is none left for it."""
        known = self.journal.endpoint_of(chip)
        if known:
            return next((one for one in self.devices if one.endpoint == known), None)
        named = [one for one in self.devices if one.chip == chip]
        if named:
            return named[0]
        free = (
            one for one in self.devices if not one.chip and not self.journal.board_of(one.endpoint)
        )
        return next(free, None)

    def onto(self, port: str, replace: bool = False) -> tuple[str, Device | None, onto.Written]:
        """Write the board at a port; return its ID, the device that it is, and what was done."""
        with Repl(port) as repl:
            chip = repl.identity()[0]
            device = self.device_for(chip)
            if device is None:
                raise ProvisionError(
                    "%s: board %s is none of this table, and all of its devices have one"
                    % (port, chip)
                )
            before = self.journal.board_of(device.endpoint)
            if before and before != chip:
                raise ProvisionError(
                    "%s: %s is board %s already: this one is %s"
                    % (port, device.endpoint, before, chip)
                )
            # What this batch has written to this board, it may write over.
            data = self.file_of(device).read_bytes()
            done = onto.write(repl, data, replace or bool(before))
            self.journal.note(device.endpoint, chip, done.digest)
            if done.new:
                onto.restart(repl)
        return chip, device, done

    def all_onto(self, ports: Iterable[str], replace: bool, say) -> int:
        """Write the boards at several ports; return how many could not be."""
        failed = 0
        for port in ports:
            try:
                chip, device, done = self.onto(port, replace)
            except (FlashError, ProvisionError) as error:
                say(str(error))
                failed += 1
                continue
            assert device is not None
            how = "written and read back" if done.new else "has it already, compared"
            say("%s: %s on board %s: %s" % (port, device.endpoint, chip, how))
        return failed
