"""A disk that is soon full: a tmpfs mount of limited size, for the log directory of one broker.

Mounting needs root (or its capability) on Linux; elsewhere `SmallDisk.mounted` says so in UnavailableError.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.kafka_broker import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOUNT_S = 10
_BALLAST = "ballast"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mount at `path`; a broker's log directory goes to `data`."""

    path: Path

    @property
    def data(self) -> Path:
        """The folder for a broker's log directory: what fills the disk lies beside it."""
        return self.path / "data"

    @classmethod
    @contextmanager
    def mounted(cls, megabytes: int) -> Iterator[SmallDisk]:
        """Mount one for the length of a block. Raises UnavailableError where that is not allowed."""
        path = Path(tempfile.mkdtemp(prefix="qosresolve-disk-"))
        try:
            mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path))
            try:
                yield cls(path)
            finally:
                run("umount", "--lazy", str(path))
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @property
    def free(self) -> int:
        """Bytes that are left."""
        return shutil.disk_usage(self.path).free

    def fill(self, leave: int = 0) -> None:
        """Take all but so many bytes, whatever somebody else writes meanwhile."""
        with (self.path / _BALLAST).open("ab") as ballast:
            while (room := self.free - leave) > 0:
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), room)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def clear(self) -> None:
        """Give back what `fill` took."""
        (self.path / _BALLAST).unlink(missing_ok=True)


def mount(*arguments: str) -> None:
    if sys.platform != "linux":
        raise UnavailableError(f"a tmpfs can be mounted on Linux only, this is {sys.platform}")
    try:
        run("mount", *arguments)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise UnavailableError(f"a tmpfs cannot be mounted here; it needs root: {said.strip()}") from error


def run(program: str, *arguments: str) -> None:
    found = shutil.which(program) or program
    subprocess.run([found, *arguments], check=True, capture_output=True, text=True, timeout=MOUNT_S)
