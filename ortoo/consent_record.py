"""A consent as a record that others can read, and as a page to print and to give her.

The record follows the W3C Data Privacy Vocabulary's guide to ISO/IEC TS 27560:2023 (https://w3id.org/dpv/guides/consent-27560):
JSON-LD with `dpv:ConsentRecord` at its top, a process for each agency she decided on, and the state of each decision.
All fields that it has as mandatory are there, but a party's address and contact, which no signed document says: her
card and her page name the telephone.
It holds no name of hers and nothing of what a referral says: the person is known by the consent's id alone.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from ortoo.protocol import schemas, vocabulary
from ortoo.protocol.consent import ALL, Decided, Decisions, Withdrawal, decided
from ortoo.protocol.directory import View
from ortoo.protocol.documents import Document, instant, stamp
from ortoo.protocol.ids import made_at
from ortoo.sentences import Sentence, name, of_decision, of_withdrawals
from ortoo.words import Language, Words

CONFORMS_TO: Final = "https://w3id.org/dpv/schema/dpv-27560#record"
CONTEXT: Final[Mapping[str, str]] = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "ortoo": "urn:ortoo:",  # codes of the vocabulary, handles of agencies
}
LANGUAGES: Final[tuple[Language, ...]] = ("mn", "en")


def record(decisions: Decisions, view: View, at: datetime) -> dict[str, Any]:
    """The newest decisions under one consent as one record. at: which decides what has run out."""
    newest = [decisions.newest[to] for to in sorted(decisions.newest)]
    first = min((one.body for one in newest), key=lambda body: body.at)
    return {
        "@context": dict(CONTEXT),
        "@id": f"urn:uuid:{first.consent}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": first.consent,
        "dct:conformsTo": CONFORMS_TO,
        "dct:created": stamp(made_at(first.consent)),  # no newest version may be a first one
        "dct:modified": max([one.body.at for one in newest] + [one.at for one in decisions.withdrawals if one.at]),
        "dpv:hasDataSubject": _person(first.consent),
        "dpv:hasDataController": _agency(first.recorder, view),
        "dpv:hasJurisdiction": "MN",
        "dpv:hasLegalBasis": _term("consent_bases", first.basis, "dpv:LegalBasis"),
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:language": first.given.language or list(LANGUAGES),
            "dct:description": _read_to_her(newest, view),
        },
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dct:description": {one: Words(one)("decisions.how_to_withdraw") for one in LANGUAGES},
        },
        "dpv:hasProcess": [
            _process(one, decisions, view, at) for one in newest if one.body.to != ALL or one.body.refused
        ],
    }


def _person(consent: str) -> dict[str, Any]:
    return {"@id": f"urn:uuid:{consent}#person", "@type": "dpv:DataSubject", "dct:identifier": consent}


def _process(decision: Document[schemas.Consent], decisions: Decisions, view: View, at: datetime) -> dict[str, Any]:
    body = decision.body
    granted = body.granted
    process: dict[str, Any] = {
        "@type": "dpv:Process",
        "dct:identifier": f"{body.consent}/{body.to}/{body.version}",
        "dpv:hasRecipient": _agency(body.to, view),
        "dpv:hasConsentStatus": _status(body, decisions, view, at),
        "dpv:hasIndicationMethod": _given(body.given),
        "ortoo:sha256": decision.sha256,
    }
    if granted is not None:
        process["dpv:hasPurpose"] = [_term("purposes", one, "dpv:Purpose") for one in granted.purposes]
        process["dpv:hasPersonalData"] = _sections(granted.sections)
        process["dpv:hasStorageCondition"] = [
            {"@type": "dpv:StorageLocation", "dpv:hasJurisdiction": "MN"},
            {"@type": "dpv:StorageDuration", "dct:valid": granted.until},
            {"@type": "dpv:StorageDeletion", "dpv:hasDuration": f"P{body.retain_days}D"},
        ]
    if body.refused:
        process["dpv:hasProhibition"] = {"@type": "dpv:Prohibition", "dpv:hasPersonalData": _sections(body.refused)}
    return process


def _status(body: schemas.Consent, decisions: Decisions, view: View, at: datetime) -> dict[str, Any]:
    """The state by the rule, what she took back with her code included; since when, until when, and who said so."""
    by = {"dpv:isImplementedByEntity": _person(body.consent)["@id"]}
    if body.granted is None:
        # A kind, or everybody, is never granted anything that could be withdrawn.
        is_refusal = body.version == 1 or body.to == ALL or body.to.startswith("kind:")
        return {"@type": "dpv:ConsentRefused" if is_refusal else "dpv:ConsentWithdrawn", "dct:date": body.at, **by}
    agency = view.agency(body.to)
    kind, until = agency.kind if agency else "", body.granted.until
    parts = body.granted.sections if ALL not in body.granted.sections else list(vocabulary.terms("sections"))
    now: Decided = decided(decisions, agency=body.to, kind=kind, parts=parts, at=at)
    state, since = {
        "agreed": ("dpv:ConsentGiven", body.at),
        "refused": ("dpv:ConsentWithdrawn", decisions.changed_at(body.to, kind)),
        "not_asked": ("dpv:ConsentExpired", until),
    }[now]
    return {"@type": state, "dct:date": since, **by, "dct:valid": until}


def _given(given: schemas.Given) -> dict[str, Any]:
    """How she said it: by whom, in which way and language, with whose help."""
    said: dict[str, Any] = {"ortoo:interpreter": given.interpreter, "ortoo:witness": given.witness}
    for key, terms, code in (
        ("dpv:isIndicatedBy", "consent_given_by", given.by),
        ("dct:type", "consent_given_how", given.how),
        ("dct:language", "languages", given.language),
    ):
        if code is not None:
            said[key] = _term(terms, code)
    return said


def _agency(to: str, view: View) -> dict[str, Any]:
    names = {one: name(to, view, Words(one)) for one in LANGUAGES}
    return {"@id": f"ortoo:{to}", "@type": "dpv:Organisation", "dct:identifier": to, "dpv:hasName": names}


def _sections(codes: Sequence[str]) -> list[dict[str, Any]]:
    named = list(vocabulary.terms("sections")) if list(codes) == [ALL] else codes
    return [_term("sections", one, "dpv:PersonalData") for one in named]


def _term(terms: str, code: str, type: str | None = None) -> dict[str, Any]:
    said: dict[str, Any] = {"@type": type} if type else {}
    return {**said, "@id": f"ortoo:{code}", "rdfs:label": {one: Words(one).label(terms, code) for one in LANGUAGES}}


def _read_to_her(newest: Sequence[Document[schemas.Consent]], view: View) -> dict[str, list[str]]:
    return {one: [said.text for said in sentences(newest, view, Words(one))] for one in LANGUAGES}


def sentences(newest: Sequence[Document[schemas.Consent]], view: View, words: Words) -> list[Sentence]:
    """All that was decided, in the sentences that are read to her."""
    said = [sentence for one in newest for sentence in of_decision(one.body, view, words)]
    basis = words.label("consent_bases", newest[0].body.basis)
    return [*said, Sentence("basis", "", words("consent.basis", basis=basis))]


def as_json(decisions: Decisions, view: View, at: datetime) -> str:
    return json.dumps(record(decisions, view, at), ensure_ascii=False, indent=1) + "\n"


# --- to print ---------------------------------------------------------------------------------------------------------

_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:42em;margin:2em auto;padding:0 1em}"
    "section{break-inside:avoid;margin-bottom:2.5em}h1{font-size:1.3em}.fact{color:#444}li{margin:.4em 0}"
)


def page(decisions: Decisions, view: View, at: datetime) -> str:
    """One HTML file without anything beside it: the sentences in Mongolian, then in English."""
    newest = [decisions.newest[to] for to in sorted(decisions.newest)]
    bodies = "\n".join(_section(newest, decisions.withdrawals, view, at, Words(one)) for one in LANGUAGES)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="mn" translate="no">\n<head><meta charset="utf-8"><title>·</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="referrer" content="no-referrer"><style>{_STYLE}</style></head>\n'
        f"<body>\n{bodies}\n</body>\n</html>\n"
    )


def _section(
    newest: Sequence[Document[schemas.Consent]],
    withdrawals: Sequence[Withdrawal],
    view: View,
    at: datetime,
    words: Words,
) -> str:
    said = sentences(newest, view, words) + of_withdrawals(withdrawals, view, words)
    items = "\n".join(f"<li>{escape(one.text)}</li>" for one in said)
    recorded = words(
        "decisions.recorded",
        agency=name(newest[0].body.recorder, view, words),
        day=words.day(instant(max(one.body.at for one in newest))),
    )
    facts = [recorded, words("decisions.printed", moment=words.moment(at))]
    shown = "".join(f'<p class="fact">{escape(one)}</p>' for one in facts)
    went_without = newest[0].body.exception is not None
    title = escape(words("decisions.title_without" if went_without else "decisions.title"))
    return f'<section lang="{words.language}"><h1>{title}</h1><ul>\n{items}\n</ul>{shown}</section>'
