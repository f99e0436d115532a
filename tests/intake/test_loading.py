"""Inventory files: every format says the same relations, and all that is wrong is told with its place."""

import json
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qosresolve.core.vocabulary import ObjectKind
from qosresolve.intake.inventory import Relation
from qosresolve.intake.loading import items, tables
from qosresolve.intake.loading.files import Format, Loaded, Source, load
from qosresolve.intake.paths import leaves
from tests.intake.relations import relation

S, R = ObjectKind.SERVICE, ObjectKind.RESOURCE
WHOLE = Relation("r1", R, "P1", "C1", "gold", "BER-1", "off-1", "acme", "svc-1")


def loaded(text: str, form: Format = Format.AUTO) -> Loaded:
    return load([Source("f", text, form)])


def told(text: str, form: Format = Format.AUTO) -> list[str]:
    """Return all that is wrong with a file, which must be something."""
    problems = loaded(text, form).problems
    assert problems
    assert all(problem.remedy for problem in problems)
    return [str(problem) for problem in problems]


# -- tables


def test_a_table_is_read_by_the_names_of_its_columns() -> None:
    """In any order, case and spelling, with any of the usual separators; blank lines are nothing."""
    for separator in ",;\t|":
        header = separator.join(
            [
                "Product",
                "Resource ID",
                "KIND",
                "customer",
                "SLA_tier",
                "site",
                "offering",
                "supplier",
                "Service",
            ]
        )
        row = separator.join(["P1", " r1 ", "Resource", "C1", "gold", "BER-1", "off-1", "acme", "svc-1"])
        found = loaded(f"\ufeff{header}\r\n\r\n{row}\r\n")
        assert found.problems == ()
        assert found.relations == {"r1/P1": WHOLE}


def test_kind_is_that_of_the_object() -> None:
    """Without a word, what is its own service is one; everything else is a resource."""
    rows = ("s1,,P1,s1", "r1,,P1,s1", "r2,,P1,", "s2,service,P1,")
    found = loaded("\n".join(["object_id,object_kind,product_id,service_id", *rows]))
    kinds = [each.object_kind for each in found.relations.values()]
    assert kinds == [S, R, R, S]


def test_all_that_is_wrong_with_a_table_is_told_at_once() -> None:
    """File, line, column, and what to do."""
    rows = (
        "r1,P1,thing",
        ",P1,",
        "r2,P1",
        "r3," + "x" * 300 + ",",
        "r4,\x07,",
        "r5,P5,resource",
        "r5,P5,service",
    )
    lines = told("\n".join(["object_id,product_id,kind", *rows]))
    assert lines == [
        "f:2: object_kind: 'thing' is no kind; write service or resource",
        "f:3: object_id: empty; name it, or leave the row out",
        "f:4: 2 cells under 3 columns; quote cells that hold the separator",
        "f:5: product_id: 300 bytes; at most 256 are taken",
        "f:6: product_id: '\\x07' holds characters that nobody sees; write it without them",
        "f:8: r5 under P5 is told at f:7 too, with other content; leave one out",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("object_id,product_id,custmer", ["f:1: custmer: no such column; did you mean customer_id?"]),
        ("object_id,product_id,zzz", ["f:1: zzz: no such column; known are object_id, "]),
        ("object_id,object,product_id", ["f:1: object_id: named twice, as object_id and object; "]),
        ("object_id,tier", ["f:1: product_id: missing; add a column product_id"]),
        ("", ["f: no header; begin with a line object_id,"]),
        ('object_id,product_id\n"r1"x,P1', ["f:2: not CSV: "]),
    ],
)
def test_a_wrong_header_is_told_alone(text: str, expected: list[str]) -> None:
    """Every row below it would be wrong for the same reason."""
    lines = told(text)
    assert len(lines) == len(expected)
    for line, beginning in zip(lines, expected, strict=True):
        assert line.startswith(beginning)


def test_the_same_row_twice_is_one_relation() -> None:
    """Exports of several systems overlap."""
    text = "object_id,product_id\nr1,P1\nr1,P1\n"
    found = load([Source("f", text), Source("g", text)])
    assert (found.problems, found.relations) == ((), {"r1/P1": relation()})


def test_two_pairs_of_ids_under_one_key_are_refused() -> None:
    """On the topic one would silently replace the other."""
    assert told("object_id,product_id\na,b/c\na/b,c\n") == [
        "f:3: a/b under c is told at f:2 too, with other content; leave one out"
    ]


# -- JSON lines

SHAPES = "write one object, an array of objects, or one object a line"
NEITHER = "neither a relation (object_id, product_id) nor a TMF637 product or TMF638 service"


def test_json_comes_alone_as_an_array_or_by_lines() -> None:
    """Under the fields' names or their aliases; numbers are texts."""
    one = {"object_id": "r1", "product": 1, "tier": None}
    expected = {"r1/1": relation("r1", "1")}
    for text in (json.dumps(one), json.dumps(one, indent=1), json.dumps([one]), f"\n{json.dumps(one)}\n\n"):
        assert loaded(text) == Loaded(expected, (), ())
    two = json.dumps(one | {"object_id": "r2"})
    assert list(loaded(f"{json.dumps(one)}\n{two}").relations) == ["r1/1", "r2/1"]


def test_all_that_is_wrong_with_json_is_told_at_once() -> None:
    """By line, or by item of an array."""
    good = '{"object_id": "r1", "product_id": "P1"}'
    lines = (
        good,
        '{"object_id": }',
        "[1]",
        '{"object_id": "r2", "product_id": "P1", "teir": "x", "site": {}}',
        "{}",
    )
    assert told("\n".join(lines)) == [
        f"f:2: no JSON: Expecting value (column 15); {SHAPES}",
        "f:3: list, no object; write JSON objects",
        "f:4: teir: no such column; did you mean tier?",
        "f:4: site: holds an object or an array; write a text",
        f"f:5: {NEITHER}; say which with --format, or give it an @type of Product or Service",
    ]
    assert told(f"[{good}, 3]") == ["f: item 2: int, no object; write JSON objects"]
    assert told(f"[{good},\n {{") == [
        f"f:2: no JSON: Expecting property name enclosed in double quotes (column 3); {SHAPES}"
    ]
    assert "nested too deeply" in told("[" * 100_000)[0]


def test_a_format_that_is_given_is_believed() -> None:
    """What else would be guessed from the content is not."""
    assert told('{"id": "x"}')[0].startswith("f: neither a relation")
    assert "f: object_id: missing" in told('{"id": "x"}', Format.JSONL)[1]
    assert loaded('{"id": "x"}', Format.TMF637).notes == (
        "f: product x: left out, it names nothing that realises it",
    )
    assert told('{"id": "x"}', Format.CSV)[0].startswith('f:1: {"id": "x"}: no such column')


# -- TMF637 and TMF638

PRODUCTS: list[dict[str, Any]] = [
    {
        "id": "P1",
        "@type": "Product",
        "status": "active",
        "relatedParty": [{"id": "x", "role": "reseller"}, {"id": "C1", "role": "Customer"}],
        "productOffering": {"id": "off-1"},
        "productCharacteristic": [{"name": "colour", "value": "red"}, {"name": "SLA tier", "value": "gold"}],
        "place": [{"id": "HQ", "role": "billing"}, {"id": "BER-1", "role": "installationAddress"}],
        "realizingService": [{"id": "svc-1", "name": "access BER"}],
        "realizingResource": [{"id": "cpe-1", "name": "cpe.ber"}],
    },
    {  # version 5: references lie in references; single objects in place of arrays
        "id": "P2",
        "@type": "Product",
        "relatedParty": {"role": "customer", "partyOrPartyRole": {"id": "C2", "@type": "PartyRef"}},
        "productCharacteristic": {"name": "tier", "value": {"value": "silver"}},
        "place": {"role": "site", "place": {"id": "MUC-1"}},
        "realizingService": {"href": "https://inventory/service/svc-2/"},
    },
    {"id": "P3", "@type": "Product", "status": "Terminated", "realizingService": [{"id": "svc-1"}]},
    {"id": "P4", "@type": "Product"},
]
SERVICES: list[dict[str, Any]] = [
    {
        "id": "svc-1",
        "name": "access BER",
        "@type": "Service",
        "supportingService": [{"id": "core"}],
        "supportingResource": [{"id": "olt-1", "name": "olt.ber"}, {"id": "shared"}],
    },
    {
        "id": "svc-2",
        "@type": "Service",
        "relatedParty": [{"id": "acme", "role": "supplier"}],
        "serviceRelationship": [
            {"relationshipType": "reliesOn", "service": {"id": "core"}},
            {"relationshipType": "isNeighbourOf", "service": {"id": "elsewhere"}},
        ],
        "supportingResource": [{"id": "ont-2"}, {"id": "shared"}],
    },
    {
        "id": "core",
        "@type": "Service",
        "supportingService": [{"id": "svc-1"}],
        "supportingResource": {"id": "p1"},
    },
]
EXPECTED = {
    ("svc-1", S, "P1", "C1", "gold", "BER-1", "off-1", "", ""),
    ("core", S, "P1", "C1", "gold", "BER-1", "off-1", "", ""),
    ("cpe-1", R, "P1", "C1", "gold", "BER-1", "off-1", "", ""),
    ("olt-1", R, "P1", "C1", "gold", "BER-1", "off-1", "", "svc-1"),
    ("shared", R, "P1", "C1", "gold", "BER-1", "off-1", "", ""),
    ("p1", R, "P1", "C1", "gold", "BER-1", "off-1", "", "core"),
    ("svc-2", S, "P2", "C2", "silver", "MUC-1", "", "acme", ""),
    ("core", S, "P2", "C2", "silver", "MUC-1", "", "", ""),
    ("ont-2", R, "P2", "C2", "silver", "MUC-1", "", "acme", "svc-2"),
    ("shared", R, "P2", "C2", "silver", "MUC-1", "", "", ""),
    ("p1", R, "P2", "C2", "silver", "MUC-1", "", "", "core"),
    # The circle of services core and svc-1 is walked once.
    ("svc-1", S, "P2", "C2", "silver", "MUC-1", "", "", ""),
    ("olt-1", R, "P2", "C2", "silver", "MUC-1", "", "", "svc-1"),
}


def by_lines(values: list[dict[str, Any]]) -> str:
    return "\n".join(json.dumps(value) for value in values)


@pytest.mark.parametrize(
    "texts",
    [
        (json.dumps(PRODUCTS), json.dumps(SERVICES)),
        (by_lines(SERVICES), by_lines(PRODUCTS)),
        (json.dumps(SERVICES + PRODUCTS),),
    ],
    ids=["arrays", "lines", "one"],
)
def test_products_and_services_say_together_what_realises_what(texts: tuple[str, ...]) -> None:
    """Whatever the order of files: products rest on services, these on others, and on resources."""
    found = load([Source(f"f{number}", text) for number, text in enumerate(texts)])
    assert found.problems == ()
    assert {astuple(one) for one in found.relations.values()} == EXPECTED
    assert [note.split("product ")[1] for note in found.notes] == [
        "P3: left out, it is over by its status",
        "P4: left out, it names nothing that realises it",
    ]


def test_names_are_taken_on_demand_and_only_where_they_are_one_objects_own() -> None:
    """`eth0` of a thousand devices would give everybody's events to everybody."""
    resources = [{"id": "a", "name": "eth0"}, {"id": "b", "name": "eth0"}, {"id": "c", "name": "cpe.c"}]
    product = {"id": "P1", "@type": "Product", "realizingResource": resources}
    product["realizingService"] = [{"id": "s", "name": "c"}]  # the name of one is the id of another
    source = Source("f", json.dumps(product))
    assert list(load([source]).relations) == ["s/P1", "a/P1", "b/P1", "c/P1"]
    found = load([source], names=True)
    assert list(found.relations) == ["s/P1", "a/P1", "b/P1", "c/P1", "cpe.c/P1"]
    assert found.relations["cpe.c/P1"].service_id == "c", "both names share one cause"
    (_, names) = found.notes
    assert names == "2 names are not one object's alone: they are known by id only: c, eth0"


def test_what_is_in_no_file_is_told() -> None:
    """A product's service is known all the same; one that is over is not."""
    product = {"id": "P1", "@type": "Product", "realizingService": [{"id": "s1"}, {"id": "s2"}]}
    over = {"id": "s2", "@type": "Service", "state": "terminated", "supportingResource": [{"id": "r"}]}
    found = loaded(json.dumps([product, over]))
    assert list(found.relations) == ["s1/P1"]
    assert found.notes == ("1 services are in no file: what supports them is not known: s1",)


def test_what_is_wrong_with_tmf_files() -> None:
    """Ids that are missing, too long or given twice; services without any product."""
    product = {"@type": "Product", "realizingService": [{"name": "x"}]}
    again = [{"id": "P1", "@type": "Product", "realizingService": ["s1"]}, {"id": "P1", "@type": "Product"}]
    long = {"id": "P2", "@type": "Product", "realizingResource": "r" * 300}
    assert told(json.dumps([product, *again, long])) == [
        "f: item 1, product : id: missing; every product and service has one",
        "f: item 1, product : realizingService: a reference without an id; name the id",
        "f: item 3, product P1: id: is at f: item 2, product P1 too, with other content; leave one out",
        "f: item 4, product P2: object_id: 300 bytes; at most 256 are taken",
    ]
    assert told(json.dumps(SERVICES)) == [
        "f: services, and no products that they realise; name a file of products too"
    ]


# -- whatever comes

VISIBLE = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=8)
RELATIONS = st.builds(
    Relation,
    VISIBLE.filter(bool),
    st.sampled_from(ObjectKind),
    VISIBLE.filter(bool),
    *[VISIBLE] * 6,
)


@given(st.lists(RELATIONS, max_size=5, unique_by=lambda one: one.key))
def test_what_is_written_is_read_again(made: list[Relation]) -> None:
    """An export of either format loads as what was exported, whatever letters it holds."""
    expected = {one.key: one for one in made}
    assert loaded("".join(tables.write(made)), Format.CSV) == Loaded(expected, (), ())
    assert loaded("".join(items.write(made)), Format.JSONL) == Loaded(expected, (), ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*sorted({name.split(".")[0].removesuffix("[*]") for name in leaves(PRODUCTS[0])})]
            )
            | st.sampled_from(
                ["supportingService", "supportingResource", "serviceRelationship", "id", "object_id"]
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(JSON.map(json.dumps) | st.text(), st.sampled_from(Format), st.booleans())
def test_any_file_is_read_or_explained(text: str, form: Format, names: bool) -> None:
    """Nothing raises, and what gives neither relations nor notes nor problems holds nothing."""
    found = load([Source("f", text, form)], names=names)
    if not (found.relations or found.problems or found.notes):
        only_a_header = form in (Format.AUTO, Format.CSV) and "," in text
        assert "".join(text.split()).strip("\ufeff") in ("", "[]") or only_a_header
