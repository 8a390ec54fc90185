"""GraphQL over HTTP: the audits of graphql-http, and what a hostile or a broken client sends."""

import copy
import gzip
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest

from hub.addresses import address_of
from ortoo.client import document as document_of
from tests.hubs import NO_TLS, Hub
from tests.stores import REPOSITORY

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
TYPE: Final = "query Type($name: String!) { __type(name: $name) { name } }"
SECURITY: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

# No text of an answer, header or log may repeat this.
MARK: Final = "c29tZW9uZQ-Сарнай"


def post(http: httpx.Client, body: Any, accept: str | None = JSON, **headers: str) -> httpx.Response:
    """Send bytes as they are, and anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": JSON} | ({"Accept": accept} if accept else {}) | headers
    return http.post("/graphql", content=content, headers={name.replace("_", "-"): v for name, v in sent.items()})


def codes(answer: httpx.Response) -> list[str]:
    return [one["extensions"]["code"] for one in answer.json()["errors"]]


# --- the audits: graphql/graphql-http, src/audits/server.ts, by their ids ---------------------------------------------


def test_answers_in_the_media_type_that_is_asked_for(http: httpx.Client) -> None:
    for id, accept, given in (
        ("22EB", GRAPHQL, GRAPHQL),
        ("4655", JSON, JSON),
        ("47DE", "*/*", JSON),
        ("80D8", None, JSON),
    ):
        answer = post(http, {"query": "{ __typename }"}, accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{given}; charset=utf-8"), id
        assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.6", GRAPHQL),
        (f"*/*, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0, */*;q=0.1", JSON),
        (f"text/html, {JSON};charset=utf-8", JSON),
        ("application/*", JSON),
    ],
)
def test_weighs_what_is_accepted(http: httpx.Client, accept: str, given: str) -> None:
    assert post(http, {"query": "{ __typename }"}, accept).headers["content-type"].startswith(given)


@pytest.mark.parametrize("accept", ["text/html", f"{JSON};q=0", f"{JSON};q=nonsense", ""])
def test_what_it_cannot_answer_in_is_406(http: httpx.Client, accept: str) -> None:
    answer = http.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": accept})
    assert (answer.status_code, codes(answer)) == (406, ["bad_request"])


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", '; charset="utf-8"'])
def test_bodies_are_utf_8(http: httpx.Client, charset: str) -> None:  # BF61, 78D5, 2C94, 03D4, 82A3
    answer = post(http, {"query": "{ __typename }"}, Content_Type=JSON + charset)
    assert answer.status_code == 200
    answer.content.decode("utf-8")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_get_takes_the_same_parameters(http: httpx.Client, accept: str) -> None:  # 5A70, D6D5, 6A70
    variables = json.dumps({"name": "Referral"})
    parameters = {"query": TYPE, "variables": variables, "operationName": "Type", "extensions": "{}"}
    answer = http.get("/graphql", params=parameters, headers={"Accept": accept})
    assert (answer.status_code, answer.json()) == (200, {"data": {"__type": {"name": "Referral"}}})


@pytest.mark.parametrize(
    "query",
    [
        "query=%7B__typename%7D&variables={",
        "query=%7B__typename%7D&variables=%7B%22name%22%3A%22%5Cud800%22%7D",
        "query=%7B__typename%7D&operationName=%ff",
        "query=%7B__typename%7D&" + "&".join(f"a{n}=1" for n in range(50)),
        "query=",
        "",
    ],
)
def test_get_with_bad_parameters(http: httpx.Client, query: str) -> None:
    answer = http.get(f"/graphql?{query}")
    assert answer.status_code == 200
    assert codes(answer)[0] in ("bad_request", "bad_document")


def test_a_mutation_does_not_go_by_get(http: httpx.Client) -> None:  # 9C48
    answer = http.get("/graphql", params={"query": "mutation { __typename }"}, headers={"Accept": GRAPHQL})
    assert (answer.status_code, answer.headers["allow"], codes(answer)) == (405, "POST", ["bad_request"])


def test_a_body_without_its_type_is_refused(http: httpx.Client) -> None:  # 9ABE
    assert http.post("/graphql", content=b'{"query":"{__typename}"}').status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",  # 7267
        b'{ "not a JSON',  # D477, 60AA, 2163
        b"\xff\xfe",
        b'{"query":"{__typename}"}}',
        b"[" * 100_000,
        *(
            json.dumps(one).encode()
            for one in (
                [{"query": "{ __typename }"}],  # a batch
                "{ __typename }",
                None,
                {"notquery": "{ __typename }"},  # 6610, 3715, F5AF, 3E36, 17C5, 34D6
                *({"query": one} for one in ({"obj": "ect"}, 0, False, ["array"], None)),  # 4F5, 9FE
                *({"query": "{__typename}", "operationName": one} for one in ({"a": 1}, 0, False, ["b"])),  # E3E, FB9
                *({"query": "{__typename}", "variables": one} for one in ("a", 0, False, ["b"])),  # 69B, F05
                *({"query": "{__typename}", "extensions": one} for one in ("a", 0, False, ["b"])),  # 904, 368
            )
        ),
    ],
)
def test_parameters_that_are_none(http: httpx.Client, body: bytes) -> None:
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        answer = post(http, body, accept)
        assert (answer.status_code, codes(answer)) == (status, ["bad_request"])
        assert "data" not in answer.json()


@pytest.mark.parametrize("query", ["{", "{ 8f31403dfe404bccbb0e835f2629c6a7 }", "{ nosuchfield }", "", "query { me"])
def test_documents_that_are_none(http: httpx.Client, query: str) -> None:  # 572B, FDE2, 865D, 556A, D586, 51FE, 74FF
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        answer = post(http, {"query": query}, accept)
        assert (answer.status_code, set(codes(answer))) == (status, {"bad_document"})
        assert "data" not in answer.json()


@pytest.mark.parametrize(
    "more",
    [
        {"operationName": "Query"},  # 8161, B8B3
        *({name: None} for name in ("variables", "operationName", "extensions")),  # 94B, 022
        {"variables": {}},
        {"extensions": {"some": "value"}},  # 428F, 1B7A
    ],
)
def test_parameters_that_may_be(http: httpx.Client, more: dict[str, Any]) -> None:
    for accept in (JSON, GRAPHQL):
        answer = post(http, {"query": "query Query { __typename }", **more}, accept)
        assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


def test_variables(http: httpx.Client) -> None:  # 2EA1, 28B9, 13EE, 34A2
    for accept in (JSON, GRAPHQL):
        answer = post(http, {"query": TYPE, "variables": {"name": "sometype"}}, accept)
        assert (answer.status_code, answer.json()) == (200, {"data": {"__type": None}})


# --- beyond the audits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_other_methods(http: httpx.Client, method: str) -> None:
    answer = http.request(method, "/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_every_answer_carries_the_same_headers(http: httpx.Client) -> None:
    for answer in (post(http, {"query": "{ me { handle } }"}), post(http, b"{"), http.request("PUT", "/graphql")):
        assert {name: answer.headers[name] for name in SECURITY} == SECURITY
        assert len(answer.headers["x-request-id"]) == 16


def test_the_host_and_the_origin_are_ours(http: httpx.Client, served: Hub) -> None:
    assert post(http, {"query": "{ __typename }"}, Host="evil.example").status_code == 421
    assert post(http, {"query": "{ __typename }"}, Host="127.0.0.1.evil.example").status_code == 421
    for origin in ("https://evil.example", "null", "http://[", "http://localhost.evil.example", ""):
        answer = post(http, {"query": "{ __typename }"}, Origin=origin)
        assert (answer.status_code, codes(answer)) == (403, ["origin_refused"]), origin
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert post(http, {"query": "{ __typename }"}, Origin=served.url).status_code == 200


def test_who_is_not_signed_in_sees_the_network_and_the_directory_alone(served: Hub) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, verify=NO_TLS) as nobody:
        assert post(nobody, {"query": "{ network { id } directory { entries } __typename }"}).json()["data"]
        hidden = "query { ... on Query { ...F } } fragment F on Query { network { id } me { id } }"
        schema = "{ __schema { types { name } } }"
        for query in (
            "{ me { id } }",
            "{ network { id } me { id } }",
            schema,
            hidden,
            '{ __type(name: "Query") { name } }',
        ):
            answer = post(nobody, {"query": query})
            assert (answer.status_code, codes(answer)) == (401, ["not_signed_in"])
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("sent", ["Bearer nonsense", "Basic YTpi", "bearer", "Bearer \x80", "Token x"])
def test_a_token_that_is_none_is_refused_even_where_none_is_needed(served: Hub, sent: str) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, verify=NO_TLS) as nobody:
        answer = nobody.post(
            "/graphql", json={"query": "{ network { id } }"}, headers=[(b"Authorization", sent.encode("latin-1"))]
        )
    assert (answer.status_code, codes(answer)) == (401, ["signed_out"])


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_what_a_foreign_page_could_send_without_asking_is_refused(http: httpx.Client, content_type: str) -> None:
    answer = post(http, {"query": "{ __typename }"}, Content_Type=content_type)
    assert (answer.status_code, codes(answer)) == (415, ["bad_request"])


def test_other_charsets_and_compressed_bodies_are_refused(http: httpx.Client) -> None:
    assert post(http, {"query": "{ __typename }"}, Content_Type=f"{JSON}; charset=utf-16").status_code == 415
    bomb = gzip.compress(b" " * 10_000_000)
    assert post(http, bomb, Content_Encoding="gzip").status_code == 415


def test_a_body_that_is_too_large_is_refused(http: httpx.Client, served: Hub) -> None:
    answer = post(http, b" " * (32 * 1024 * 1024 + 1))
    assert (answer.status_code, codes(answer)) == (413, ["limit_exceeded"])
    assert answer.json()["errors"][0]["extensions"] == {
        "code": "limit_exceeded",
        "field": "body",
        "most": 32 * 1024 * 1024,
    }
    # Who has no token has nothing large to say.
    with httpx.Client(base_url=served.url, trust_env=False, verify=NO_TLS) as nobody:
        chunks = (b" " * 1024 for _ in range(65))
        answer = nobody.post("/graphql", content=chunks, headers={"Content-Type": JSON, "Accept": JSON})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["most"]) == (413, 64 * 1024)


def test_a_body_in_chunks_is_taken(http: httpx.Client) -> None:
    text = json.dumps({"query": "{ __typename }"}).encode()
    answer = http.post("/graphql", content=(text[n : n + 1] for n in range(len(text))), headers={"Content-Type": JSON})
    assert answer.json() == {"data": {"__typename": "Query"}}


def test_a_client_that_goes_away_in_the_middle_harms_nobody(http: httpx.Client, served: Hub) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", served.port)) as half:
            half.sendall(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
            half.sendall(b"Content-Length: 100\r\n\r\n{")
    began = time.monotonic()
    assert post(http, {"query": "{ __typename }"}).status_code == 200
    assert time.monotonic() - began < 10


# --- what is in variables ---------------------------------------------------------------------------------------------


HOSTILE: Final[list[tuple[str, Callable[[], Any]]]] = [
    ("a lone surrogate", lambda: b'"\\ud800"'),
    ("U+0000", lambda: b'"a\\u0000b"'),
    ("NaN", lambda: b"NaN"),
    ("infinity", lambda: b"1e999"),
    ("a number beyond 2^53", lambda: b"9007199254740993"),
    ("a huge number", lambda: b"1" + b"0" * 5000),
    ("a fraction", lambda: b"1.5"),
    ("a boolean", lambda: b"true"),
    ("null", lambda: b"null"),
    ("an object", lambda: b'{"a":{"b":1}}'),
    ("a list", lambda: b"[[[]]]"),
    ("a deep list", lambda: b"[" * 900 + b"]" * 900),
    ("a text", lambda: json.dumps(MARK).encode()),
    ("an empty text", lambda: b'""'),
    ("a text of 10 MB", lambda: b'"' + b"a" * 10_000_000 + b'"'),
    ("a backslash before u0000", lambda: b'"\\\\u0000"'),
]

# These are tried everywhere, inside of objects and lists too.
FEW: Final = {"a lone surrogate", "a huge number", "null", "an object", "a text", "an empty text"}

SEALED: Final = {
    "envelope": "{}",
    "parts": [{"name": "needs", "ciphertext": "AA"}],
    "wraps": [{"agency": "mgec", "wrap": "AA"}],
    "keys": [{"part": "needs", "agency": "mgec", "key": "AA"}],
}
KEYRING: Final = {
    "sealed": "AA",
    "unlocks": [{"id": "x", "method": "passphrase", "sealed": "AA", "passkey": None}],
}

# What each variable of the SDK's documents is otherwise, so that one at a time is hostile; with what is inside of it.
HONEST: Final[dict[str, Any]] = {
    "digits": "12345678",
    "notifications": {
        "address": "",
        "language": "mn",
        "urgencies": ["immediate"],
        "workingHours": False,
        "digestHour": 8,
    },
    "id": "00000000-0000-7000-8000-000000000000",
    "member": "00000000-0000-7000-8000-000000000000",
    "again": None,
    "hashes": ["AA"],
    "documents": ["AA"],
    "after": 0,
    "inboxAfter": None,
    "state": "sent",
    "urgency": "urgent",
    "counterpart": "mgec",
    "overdue": False,
    "period": "2020",
    "since": "2026-11-25T00:00:00Z",
    "referral": None,
    "type": "opened",
    "outboxAfter": None,
    "unsent": True,
    "first": 1,
    "decisions": [SEALED],
    "referrals": [SEALED],
    "event": "{}",
    "step": SEALED,
    "login": "nobody.at.all",
    "auth": "AA",
    "newAuth": "AA",
    "second": {"totp": "000000", "recovery": None, "passkey": None},
    "device": "AA",
    "challenge": "AA",
    "proof": "AA",
    "sealed": "AA",
    "version": 900,
    "size": 1,
    "line": "x",
    "seconds": 0,
    "handle": "x",
    "need": "shelter",
    "place": "MN",
    "language": "mn",
    "at": "2026-11-25T00:00:00Z",
    "age": 30,
    "minor": False,
    "gender": "Feminine",
    "dependants": 0,
    "until": "2026-11-25T00:00:00Z",
    "accepting": True,
    "receiving": True,
    "contact": {"place": "", "phone": "", "dutyPhone": "", "email": ""},
    "service": {
        "code": "x",
        "name": "x",
        "nameEn": "x",
        "places": ["MN"],
        "languages": ["mn"],
        "schedule": [{"days": "MO", "opens": "09:00", "closes": "18:00"}],
        "exceptions": [{"date": "2026-11-25", "opens": None, "closes": None}],
        "openOnHolidays": False,
        "minAge": 1,
        "maxAge": 2,
        "genders": [],
        "dependants": True,
        "capacity": 1,
        "taken": 0,
    },
    "keyring": KEYRING,
    "totp": "AA",
    "code": "AA",
    "response": "{}",
    "name": "x",
    "names": {"handle": "x", "name": "x", "nameEn": "x"},
    "roles": ["focal_point"],
    "role": "api",
    "seeds": [{"member": "x", "epoch": 1, "sealed": "AA"}],
    "roster": "{}",
    "kemKeys": ["AA"],
    "scopes": ["read"],
    "days": 1,
    "document": "{}",
    "agency": {"handle": "x", "kind": "x", "name": "x", "nameEn": "x"},
    "keys": {"id": "x", "key": "AA", "kem": "AA"},
    "account": {"login": "x", "auth": "AA", "keyring": KEYRING, "totp": "AA", "code": "000000"},
    "unlock": {"id": "x", "method": "passkey", "sealed": "AA", "passkey": "AA"},
    "consent": "x",
    "decision": "AA",
    "to": "mgec",
    "parts": ["needs"],
    "part": "needs/file-1",
    "offset": 0,
    "sha256": "AA",
    "piece": "AA",
    "receipt": "AA",
    "basis": "informed_consent",
    "unanswered": False,
    "withoutConsent": False,
    "waiting": False,
    "what": "trail",
    "format": "csv",
}
DOCUMENTS: Final = {
    path.stem: document_of(path.stem)
    for path in sorted((REPOSITORY / "graphql" / "operations").glob("*.graphql"))
    if path.stem not in ("follow", "sign_out")  # a socket's; and what would end this token
}


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Each place in a value: itself, and whatever is inside."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*at, key))


def put(value: Any, at: tuple[str | int, ...], hostile: bytes) -> bytes:
    """The value as JSON, with this instead of what stands at that place."""
    if not at:
        return hostile
    changed = copy.deepcopy(value)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = "HERE"
    return json.dumps(changed).encode().replace(b'"HERE"', hostile)


def variables_of(document: str) -> list[str]:
    return re.findall(r"\$(\w+):", document.split("{", 1)[0])


def honest_in(document: str, variable: str) -> Any:
    """Agencies and services are handed in whole; lists are filtered by their codes."""
    return "mgec" if type_of(document, variable) == "String" and variable in ("agency", "service") else HONEST[variable]


def type_of(document: str, variable: str) -> str:
    found = re.search(rf"\${variable}: ([^,)]+)", document)
    assert found
    return found[1]


FIRST: Final = {
    type_of(document, variable): (name, variable)
    for name, document in reversed(DOCUMENTS.items())
    for variable in reversed(variables_of(document))
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_value_that_no_argument_takes_is_told_plainly(http: httpx.Client, served: Hub, name: str) -> None:
    """Everywhere in the variables of each operation: a stable code, never the value, never an incident."""
    document = DOCUMENTS[name]
    for variable in variables_of(document):
        honest = {one: honest_in(document, one) for one in variables_of(document)}
        if "$after: String" in document or "$after: Bytes" in document:
            honest["after"] = None
        given = honest_in(document, variable)
        for at in places(given):
            for what, hostile in HOSTILE:
                if what not in FEW and (at or FIRST[type_of(document, variable)] != (name, variable)):
                    continue  # all of them once for each type of variable, a few everywhere
                rest = {one: value for one, value in honest.items() if one != variable}
                values = json.dumps(rest).encode()[:-1] + (b"," if rest else b"")
                values += b'"%s":%s}' % (variable.encode(), put(given, at, hostile()))
                answer = post(http, b'{"query":%s,"variables":%s}' % (json.dumps(document).encode(), values))
                where = (variable, at, what)
                assert answer.status_code == 200, (where, answer.text[:300])
                assert "internal" not in answer.text, (where, answer.text[:300])
                assert len(answer.content) < 200_000, where
                assert MARK not in answer.text, where
    log = served.said()
    assert [line for line in log.splitlines() if "incident" in line] == []
    assert MARK not in log


def test_every_argument_is_tried(http: httpx.Client) -> None:
    fields = "{ fields { name args { name } } }"
    query = f"{{ __schema {{ queryType {fields} mutationType {fields} }} }}"
    roots = post(http, {"query": query}).json()["data"]["__schema"].values()
    arguments = {argument["name"] for root in roots for field in root["fields"] for argument in field["args"]}
    tried = {variable for document in DOCUMENTS.values() for variable in variables_of(document)}
    assert arguments <= tried


def test_a_value_written_into_the_document_is_not_repeated(http: httpx.Client, served: Hub) -> None:
    for query in (
        f'{{ inbox(first: "{MARK}") {{ edges {{ cursor }} }} }}',
        f'{{ inbox(after: "{MARK}") {{ edges {{ cursor }} }} }}',
        f'{{ referral(id: "{MARK}") {{ id }} }}',
        f'{{ kemKeys(hashes: ["{MARK}"]) {{ key }} }}',
        f'query ($v: Int = "{MARK}") {{ inbox(first: $v) {{ edges {{ cursor }} }} }}',
        f'mutation {{ openReferral(event: "{MARK}") {{ referral {{ id }} }} }}',
        f'mutation {{ takeStep(step: {{envelope: "{MARK}", parts: [{{name: "{MARK}"}}]}}) {{ id }} }}',
        '{ referral(id: "\\u0000") { id } inbox(after: "\\u0000") { edges { cursor } } }',
        f'{{ referral(id: "{"a" * 60_000}") {{ id }} }}',
    ):
        answer = post(http, {"query": query})
        assert answer.status_code == 200
        assert MARK not in answer.text
        assert "internal" not in answer.text
    assert MARK not in served.said()


def test_a_missing_variable_is_named(http: httpx.Client) -> None:
    answer = post(http, {"query": "query ($id: ID!) { referral(id: $id) { id } }"})
    assert answer.json()["errors"][0]["extensions"] == {"code": "bad_variables", "field": "$id"}


def test_no_more_than_a_few_errors_are_told(http: httpx.Client) -> None:
    query = "mutation ($v: [SealedInput!]!) { recordConsent(decisions: $v) { to } }"
    answer = post(http, {"query": query, "variables": {"v": [{} for _ in range(10_000)]}})
    assert (len(answer.json()["errors"]), set(codes(answer))) == (5, {"bad_variables"})


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (("203.0.113.7", 1), "203.0.113.7"),
        (("::ffff:203.0.113.7", 1), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::7", 1), "2001:db8:1:2::/64"),  # a neighbour, or the same one again
        (("2001:db8:1:3::7", 1), "2001:db8:1:3::/64"),
        (("unix", 0), "unix"),
        (None, ""),
    ],
)
def test_tries_are_counted_by_the_network_of_whoever_has_all_of_its_addresses(
    client: tuple[str, int] | None, name: str
) -> None:
    assert address_of({"client": client}) == name
