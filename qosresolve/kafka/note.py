"""Where the loop is, in memory that outlives the process: two words, written for every record.

What becomes of the note after a death is `suspects`' business.
"""

SIZE = 4_096
PLACE, _OFFSET = 1, 2  # words: what is being done where, 0 for nothing, and at which offset

TAKING = 1  # a record is decoded, stepped and journalled
CHECKING = 2  # the same, and its reports are written as well
READING = 3  # the state of its product is decoded
WRITING = 4  # the reports of a batch are encoded; no record is named

_TOPIC_BITS, _PHASE_BITS = 8, 8
_PARTITION = _TOPIC_BITS + _PHASE_BITS


def at(partition: int, topic: int, phase: int) -> int:
    """Return a place as one word; `topic` is the input's index."""
    return partition << _PARTITION | phase << _TOPIC_BITS | topic


def parts(place: int) -> tuple[int, int, int]:
    """Return topic index, partition and phase of a place; phase 0 is none."""
    return place & 0xFF, place >> _PARTITION, place >> _TOPIC_BITS & 0xFF


class Note:
    """The note: whole words, so that a death in between leaves no half of one."""

    __slots__ = ("words",)

    def __init__(self, words: memoryview | None = None) -> None:
        self.words = memoryview(bytearray(SIZE)).cast("q") if words is None else words

    def set(self, place: int, offset: int) -> None:
        """Say what is about to be done."""
        words = self.words
        words[_OFFSET] = offset
        words[PLACE] = place

    def clear(self) -> None:
        """Say that it is done."""
        self.words[PLACE] = 0

    def enter(self, phase: int) -> int:
        """Say that another phase begins at the same place; return what to give to `leave`."""
        place = self.words[PLACE]
        if place:
            topic, partition, _ = parts(place)
            self.words[PLACE] = at(partition, topic, phase)
        return place

    def leave(self, place: int) -> None:
        """Go back to the phase before."""
        self.words[PLACE] = place
