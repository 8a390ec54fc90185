"""Documents that are bombs, and the bounds that stop them before anything is executed."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from graphql import get_introspection_query

from tests.hubs import Hub

ROW: Final = "id sender recipient state events { id type } decision { to }"


def ask(http: httpx.Client, query: str, **variables: Any) -> Any:
    return http.post("/graphql", json={"query": query, "variables": variables}).json()


def refused(answer: Any) -> dict[str, Any]:
    assert "data" not in answer
    extensions: dict[str, Any] = answer["errors"][0]["extensions"]
    return extensions


def nested(depth: int) -> str:
    """A document of that depth."""
    return '{ __type(name: "Query") { ' + "ofType { " * (depth - 2) + "name" + " }" * (depth - 2) + " } }"


def spread(times: int) -> Iterator[str]:
    """Fragments that each spread the next one twice: 2^times fields, in a few lines."""
    yield "query { ...F0 } "
    for n in range(times):
        yield f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} "
    yield f"fragment F{times} on Query {{ me {{ id }} }}"


def test_as_deep_as_may_be(http: httpx.Client) -> None:
    assert ask(http, nested(16)) == {"data": {"__type": {"ofType": None}}}


def test_the_usual_introspection_is_answered(http: httpx.Client) -> None:
    answer = ask(http, get_introspection_query(input_value_deprecation=True))
    assert len(answer["data"]["__schema"]["types"]) > 20


@pytest.mark.parametrize(
    ("bomb", "field"),
    [
        (nested(17), "depth"),
        ("{ " + " ".join(f"a{n}: me {{ id }}" for n in range(31)) + " }", "aliases"),
        (
            "{ inbox(first: 50) { edges { node { " + " ".join(f"events {{ a{n}: id }}" for n in range(31)) + " } } } }",
            "aliases",
        ),
        ("".join(spread(20)), "cost"),
        ("".join(spread(40)), "cost"),
        ("{ feed(after: 0, first: 5000) { sequence kind } }", "cost"),
        ("{ feed(after: 0, first: 99999999999999) { sequence } }", None),
        ("{ " + " ".join(["me { id }"] * 600) + " }", None),
        ("query { " + "x" * 40_000 + " }", "query"),
        ("{ me { " + "... on Member { " * 600 + "id" + " }" * 600 + " } }", None),
        ("query " + "{ a " * 900 + "} " * 900, None),
        ("query ($v: [" + "[" * 700 + "Int" + "]" * 700 + "]) { me { id } }", None),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "-",
)
def test_a_bomb_is_refused(http: httpx.Client, bomb: str, field: str | None) -> None:
    told = refused(ask(http, bomb))
    assert told["code"] == "limit_exceeded" if field else told["code"] in ("limit_exceeded", "bad_document")
    if field:
        assert (told["field"], isinstance(told["most"], int)) == (field, True)


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...A } fragment A on Query { ...A }",
        "{ ...Missing }",
        "{ me { id } } { me { id } }",
        "query A { me { id } } query A { me { id } }",
        "query A { me { id } } query B { me { id } }",
        "fragment A on Query { me { id } }",
        "type Query { a: Int }",
        "{ me { id } } extend type Query { a: Int }",
        "{ me @skip(if: 3) { id } }",
        "{ me @nosuch { id } }",
        "subscription { a: feed(after: 0) { sequence } b: feed(after: 0) { sequence } }",
        "{ me }",
        "{ me { id { id } } }",
        "# nothing",
        "{ me { id } } \ufeff",
    ],
)
def test_documents_that_are_not_of_this_api(http: httpx.Client, document: str) -> None:
    answer = ask(http, document)
    if "data" not in answer:
        assert refused(answer)["code"] == "bad_document"
    else:
        assert document.endswith("\ufeff")  # the one here that is whole: it ends in a byte order mark


def test_what_is_asked_for_by_default_counts(http: httpx.Client) -> None:
    """A `first` that is left out counts as its default, one in a variable as a page."""
    fields = " ".join(f"f{n}: sequence" for n in range(30))
    twice = "{ feed(after: 0) { FIELDS } }".replace("FIELDS", fields)
    assert "data" in ask(http, twice)  # 100 × 30
    directory = "{ directory { entries " + "entries " * 25 + "} }"
    assert refused(ask(http, directory))["field"] == "cost"  # 500 × 26
    feeds = "{ " + " ".join(f"x{n}: feed(after: 0) {{ sequence kind at event referral }}" for n in range(25)) + " }"
    assert refused(ask(http, feeds))["field"] == "cost"


def test_the_same_fragment_may_be_used_often(http: httpx.Client) -> None:
    document = "{ inbox { edges { node { ...R } } } outbox { edges { node { ...R } } } } fragment R on Referral { %s }"
    assert ask(http, document % ROW) == {"data": {"inbox": {"edges": []}, "outbox": {"edges": []}}}


def test_many_different_documents_leave_a_hub_as_it_was(http: httpx.Client, served: Hub) -> None:
    """What is remembered of documents is bounded: 720 large ones that differ do not stay."""
    assert served.process
    status = f"/proc/{served.process.pid}/statm"

    def resident() -> int:
        with open(status) as file:
            return int(file.read().split()[1]) * 4096

    for n in range(720):
        ask(http, f"query Q{n} {{ me {{ {'id ' * 20} # {'x' * 20_000}\n }} }}")
        if n == 520:
            before = resident()
    assert resident() - before < 10_000_000


def test_an_operation_is_chosen_by_its_name(http: httpx.Client) -> None:
    document = "query A { me { handle } } query B { network { practice } }"
    for name, data in (("A", {"me": {"handle": "mgec.delger"}}), ("B", {"network": {"practice": True}})):
        assert http.post("/graphql", json={"query": document, "operationName": name}).json() == {"data": data}
    for name in ("C", "", None):
        answer = http.post(
            "/graphql",
            content=json.dumps({"query": document, "operationName": name}),
            headers={"Content-Type": "application/json"},
        )
        assert refused(answer.json())["code"] == "bad_document"
