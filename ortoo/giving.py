"""How a person gave her decision (protocol §7): a note, a signed form, a recording; sealed to the agency before which
she decided, and to nobody else.

It goes with the decision on everybody. Those on agencies are shown to these, and a document says what is sealed beside
it: so none of them learns whether there is evidence, nor how much.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ortoo import contract
from ortoo.attached import Attached
from ortoo.form import Evidence
from ortoo.protocol import referral, schemas
from ortoo.protocol.attachments import SealedFile
from ortoo.protocol.consent import ALL
from ortoo.protocol.documents import Document
from ortoo.protocol.referral import Signer
from ortoo.protocol.sealing import NO_CONSENT, Binding, Blobs, check_form, seal_set

SealFile = Callable[[Attached, str, Binding], SealedFile]  # a file, the part that it becomes, what it is bound to

PART: Final = "evidence"


@dataclass(frozen=True)
class SealedEvidence:
    """Evidence as it goes with one version of the decision on everybody, under one consent."""

    consent: str
    version: int
    sealed: schemas.Sealed
    blobs: Blobs

    @classmethod
    def of(cls, decision: Document[schemas.Consent], blobs: Mapping[str, Blobs]) -> "SealedEvidence | None":
        """That of a decision. blobs: by H."""
        sealed = decision.body.sealed
        if sealed is None:
            return None
        return cls(decision.body.consent, decision.body.version, sealed, blobs[decision.sha256])


def seal(
    signer: Signer,
    evidence: Evidence,
    consent: str,
    version: int,
    public_keys: Mapping[str, bytes],
    seal_file: SealFile,
) -> SealedEvidence:
    """Seal it to the signer's own agency. Fresh keys, every time. `limit_exceeded` for too many files or words."""
    binding = Binding(signer.directory.id, f"{consent}/{ALL}/{version}", signer.agency, signer.key.public, NO_CONSENT)
    files = [seal_file(one, f"{PART}/file-{n}", binding) for n, one in enumerate(evidence.files, 1)]
    text = referral.section_text(PART, evidence.fields, [one.said for one in files])
    parts = [PART, *(one.said.part for one in files)]
    reader = referral.reader(signer.directory.now(), signer.agency, "sender", public_keys, parts)
    sealed, blobs = seal_set(binding, {PART: text}, [reader], referral.keyed(files))
    check_form(sealed)
    return SealedEvidence(consent, version, sealed, blobs)


def is_to_newest(evidence: SealedEvidence, signer: Signer) -> bool:
    """Whether what was sealed before can still be handed in."""
    own = signer.directory.now().agency(signer.agency)
    return own is not None and own.epoch is not None and [one.epoch for one in evidence.sealed.readers] == [own.epoch.n]


def beside(decisions: Sequence[Document[schemas.Consent]], evidence: SealedEvidence | None) -> dict[str, Blobs]:
    """What travels beside these decisions, by H."""
    if evidence is None:
        return {}
    return {one.sha256: evidence.blobs for one in decisions if one.body.sealed is not None}


def handed_in(decisions: Sequence[Document[schemas.Consent]], blobs: Mapping[str, Blobs]) -> list[contract.Sealed]:
    """Decisions as the hub takes them. blobs: by H."""
    return [contract.Sealed.of(one.envelope, blobs.get(one.sha256, Blobs())) for one in decisions]
