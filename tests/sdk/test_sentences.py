"""Who will read what, in words: the same in both languages, and nothing of what the sections say."""

from datetime import UTC, datetime

from ortoo.form import Form
from ortoo.sentences import of_form
from ortoo.words import Words
from tests.sdk.network import Network

AT = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def said(form: Form, network: Network, language: str) -> list[str]:
    words = Words("mn" if language == "mn" else "en")
    return [one.text for one in of_form(form, network.directory.now(), words, AT)]


def test_it_says_who_reads_what_until_when_and_what_is_refused(network: Network, shelter: Form) -> None:
    name = network.directory.now().agency("mgec").admission.body.names.en  # type: ignore[union-attr]
    assert said(shelter, network, "en") == [
        f"{name} can read: Needs and services asked for · Who the person is · How to reach the person safely · Risks. "
        "For: To give the service asked for. Until 23 February 2027.",
        "Police: can read nothing, whoever asks.",
        "Filled in and sent to nobody: What happened.",
        "On the basis of: The person’s informed consent.",
    ]


def test_it_says_so_in_mongolian(network: Network, shelter: Form) -> None:
    name = network.directory.now().agency("mgec").admission.body.names.mn  # type: ignore[union-attr]
    sentences = said(shelter, network, "mn")
    assert sentences[0] == (
        f"{name} уншиж болно: Хэрэгцээ, хүссэн үйлчилгээ · Хувийн мэдээлэл · Аюулгүй холбогдох арга · "
        "Эрсдэл, аюулгүй байдал. Зорилго: Хүссэн үйлчилгээг үзүүлэх. 2027 оны 2 сарын 23 хүртэл."
    )
    assert sentences[1] == "Цагдаа: хэн хүссэн ч юу ч уншихгүй."


def test_three_agencies_get_three_sentences_of_their_own(network: Network, three: Form) -> None:
    kinds = [one.kind for one in of_form(three, network.directory.now(), Words("en"), AT)]
    assert kinds == ["may_read", "may_read", "may_read", "refused", "refused", "basis"]
    legal = said(three, network, "en")[1]
    assert "Until 24 May 2027" in legal
    assert "Legal matters" in legal
    assert "Health" not in legal


def test_no_section_speaks(network: Network, shelter: Form) -> None:
    everything = " ".join(said(shelter, network, "en") + said(shelter, network, "mn"))
    for secret in ("Цэцэгмаа", "Боржигон", "0000 1101", "canteen", "хонох"):
        assert secret not in everything
