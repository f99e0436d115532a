"""What would become of letters: read by today's code, the journal asked of each, tried in order."""

from collections.abc import Sequence

from qosresolve.cli.dead_letters.reading import bar
from qosresolve.cli.times import now_ms
from qosresolve.contracts.records import Contracts
from qosresolve.replay.dead.book import Book
from qosresolve.replay.dead.later import Overtaken, is_control
from qosresolve.replay.dead.letters import Letter
from qosresolve.replay.dead.plan import Planner, Row, Rules
from qosresolve.replay.dead.standing import ask_journal, read_standing
from qosresolve.replay.dead.trial import Decoded, Trial, decoded, target_of
from qosresolve.replay.reports import places
from qosresolve.settings import Settings
from qosresolve.topics import DEAD_LETTERS, Names


def planned(
    settings: Settings, contracts: Contracts, book: Book, letters: Sequence[Letter], rules: Rules
) -> list[Row]:
    """Return what is to be done with each letter, in order."""
    names = Names(settings.prefix)
    partitions = len(places(settings, DEAD_LETTERS))
    read = [decoded(letter, contracts, names) for letter in letters]
    overtaken = _overtaken(settings, contracts, book, read, partitions)
    products = {each.body.product_id for each in read if each.body and not is_control(each.body)}
    trial = Trial(names, contracts, partitions, read_standing(settings, contracts, products), now_ms)
    planner = Planner(book, names, partitions, rules, trial.of)
    rows = []
    with bar("trying") as progress:
        for number, each in enumerate(read, 1):
            rows.append(planner.row(each, overtaken.of(each.letter)))
            progress(number, len(read))
    return rows


def _overtaken(
    settings: Settings, contracts: Contracts, book: Book, read: Sequence[Decoded], partitions: int
) -> Overtaken:
    asked = Overtaken(book.origin)
    for each in read:
        asked.add(each.letter, each.body)
    if read:
        inputs = Names(settings.prefix).inputs  # nothing else has entries in the journal
        ours = [each for each in read if each.letter.spot.topic in inputs]
        numbers = {target_of(each.letter, each.body, partitions) for each in ours}
        since = min(each.letter.at for each in read)
        with bar("the journal since") as progress:
            ask_journal(settings, contracts, asked, numbers, since, progress)
    return asked
