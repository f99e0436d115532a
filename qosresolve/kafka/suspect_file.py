"""The small file that the suspects of a slot lie in: ours alone, locked, and mapped into memory."""

import fcntl
import mmap
import os
import re
import stat
import tempfile
from hashlib import blake2b
from pathlib import Path

from qosresolve.kafka.note import SIZE
from qosresolve.settings import Settings


def default_path(settings: Settings) -> Path:
    """Return the file of a group's slot; its name tells clusters apart too."""
    whole = f"{settings.bootstrap_servers} {settings.prefix} {settings.group} {settings.slot}"
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{settings.group}-{settings.slot}")[:80]
    mark = blake2b(whole.encode(), digest_size=4).hexdigest()
    return Path(tempfile.gettempdir()) / f"qosresolve-{readable}-{mark}.suspects"


def mapped(path: Path) -> tuple[int, memoryview]:
    """Return the locked file's descriptor and its words. Raises OSError, for a file not ours alone too."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
        _check_ours(path, found)
        if found.st_size != SIZE:  # written, not just made longer: a full disk must show now, not as SIGBUS
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, bytes(SIZE), 0)
        return descriptor, memoryview(mmap.mmap(descriptor, SIZE)).cast("q")
    except BaseException:
        os.close(descriptor)
        raise


def _check_ours(path: Path, found: os.stat_result) -> None:
    """Refuse what somebody else put there: the directory may be everybody's."""
    alone = found.st_uid == os.geteuid() and found.st_nlink == 1 and not found.st_mode & 0o077
    if not alone or not stat.S_ISREG(found.st_mode):
        raise PermissionError(f"{path} is not a file of ours alone")
