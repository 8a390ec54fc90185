"""The one family of errors (protocol §13): a stable code, what is at fault, what to do; never content."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# In the order of §13: of several faults in one document the first of these is told.
SENTENCES: Mapping[str, str] = {
    # form
    "limit_exceeded": "It is larger, longer or deeper than the protocol allows. Make it smaller.",
    "not_canonical": "The bytes are not in their one canonical form (RFC 8785). Write them with the SDK.",
    "version_unsupported": "It is written in a version of the protocol that is not known here. Update this program.",
    "malformed": "It does not fit the form that the protocol prescribes. Check the field named.",
    # signer
    "signature_invalid": "The signature does not verify. Nothing in the document may be trusted.",
    "threshold_not_met": "Too few of the coordinators have signed it. Collect the signatures that are missing.",
    "key_unknown": "The author is not a member in the directory at the size that the document states.",
    "key_refused": "This key may not be used. Make a new one.",
    "role_not_allowed": "The author's role does not allow this. Ask an administrator of the agency.",
    "second_signature_missing": "A second member has to sign this first.",
    # directory
    "chain_broken": "It does not continue the chain that it names. Fetch the directory and build on its newest entry.",
    "epoch_stale": "It does not use the newest key of the agency named. Fetch the directory and seal again.",
    "directory_stale": "The directory has changed since this was made. Fetch the directory and make it again.",
    "directory_fork": "It relies on a directory that this one is not. Stop, and tell the coordinators.",
    "checkpoint_rollback": "The log has become smaller than what was seen before. Stop, and tell the coordinators.",
    "checkpoint_unwitnessed": "The log's checkpoint lacks a signature that it must have. Try again later.",
    "proof_invalid": "The log's proof does not hold. Stop, and tell the coordinators.",
    "key_mismatch": "A key is not the one that the directory names. Stop, and tell the administrators.",
    # seal
    "hash_mismatch": "A sealed part is not the one that the document names. Send the whole again as it was made.",
    "size_mismatch": "A sealed part has another length than the document or the protocol says.",
    "blob_missing": "A sealed part that the document names was not sent along.",
    "blob_unexpected": "A sealed part was sent that the document does not name.",
    "cannot_open": "This does not open with the keys at hand: it is damaged, or sealed for somebody else.",
    # consent
    "consent_withdrawn": "The person has withdrawn consent for this.",
    "grant_refused": "The person has refused this.",
    "grant_missing": "The person has not agreed to this. Ask, and record the decision first.",
    "grant_expired": "What the person agreed to has run out. Ask again, and record a new decision.",
    "authority_mismatch": "The consent named is not one for this agency. Name the decision on the recipient.",
    "consent_superseded": "There is a newer version of this decision. Fetch it and make the document again.",
    "consent_author": "Only the agency before which the person decided may record this.",
    "basis_not_allowed": "This basis may not be used here.",
    # steps
    "id_reused": "This id was used before for something else. Make it again under a new id.",
    "clock_skew": "The document's time is more than ten minutes off. Set the clock of the device and make it again.",
    "recipient_suspended": "The agency is suspended and can take part in nothing new.",
    "recipient_unavailable": "The agency takes no referrals now. Choose another one.",
    "head_moved": "Somebody else of the agency was quicker. Look at the newest state and decide again.",
    "step_illegal": "This step is not possible in the state that the referral is in.",
    # service
    "not_found": "There is no such thing, or it is not yours to see.",
    "upload_unknown": "The upload is not known, or has run out. Start it again.",
    "receipt_unknown": "This code is not known, or no longer valid.",
    "throttled": "Too many tries. Wait a moment and try again.",
}

ORDER: Mapping[str, int] = {code: rank for rank, code in enumerate(SENTENCES)}


class Refused(Exception):
    """Something that the protocol refuses.

    code: one of SENTENCES, stable.
    message: one sentence for people, that says what is wrong and what to do; never content.
    at: what is at fault, by name: referral, part, reader, field, head, state, …
    """

    def __init__(self, code: str, message: str | None = None, /, **at: str | int) -> None:
        if code not in SENTENCES:
            raise ValueError(f"no such code: {code}")
        self.code = code
        self.message = message or SENTENCES[code]
        self.at = at
        super().__init__(code, self.message, at)

    def __str__(self) -> str:
        where = ", ".join(f"{name} {value}" for name, value in self.at.items())
        return f"{self.code}: {self.message}" + (f" ({where})" if where else "")

    def within(self, **at: str | int) -> "Refused":
        """The same refusal, with more said about where it was met."""
        return Refused(self.code, self.message, **{**at, **self.at})


@contextmanager
def naming(**at: str | int) -> Iterator[None]:
    """Say of a refusal that is met inside where it was met."""
    try:
        yield
    except Refused as refused:
        raise refused.within(**at) from None
