"""README.md: what the reference has."""

from tests.docs.markdown import page as whole
from tests.docs.markdown import table

PAGES = {
    "topics.md": "every topic: key, partitions, clean-up, headers, who reads and writes it",
    "schemas.md": "every record: fields with type, default and meaning, and TM Forum's names for them",
    "types.md": "the types that records share",
    "facts.md": "what the journal says has happened",
    "settings.md": "every setting: variable, value, default",
    "metrics.md": "every metric: type, labels, which alerts look at it",
    "cli.md": "every command with options and examples",
    "exit-codes.md": "what a status at the end means",
    "refusals.md": "why something was refused, and what to do",
}


def page() -> str:
    """Return the page."""
    rows = [[f"[{name}]({name})", text] for name, text in PAGES.items()]
    rows.append(
        ["[asyncapi.yaml](../asyncapi.yaml)", "the same of topics and messages for programs: AsyncAPI 3"]
    )
    rows.append(["[Rights](../security.md)", "what each role has to be granted on the cluster"])
    rows.append(["[TM Forum's JSON](../tmf.md)", "how requests, escalations and the journal look there"])
    return whole(
        "Reference",
        "the code",
        "Made from the code; a test fails when a page is not as the code is.",
        table(["Page", "What it has"], rows),
    )
