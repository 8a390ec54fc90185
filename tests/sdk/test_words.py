"""Every text is there in both languages, with the same values in it; and foreign text is made plain."""

import string

from ortoo.protocol import vocabulary
from ortoo.protocol.errors import SENTENCES
from ortoo.words import Words, language_of, plain, texts


def test_the_catalogue_is_whole() -> None:
    for key, text in texts().items():
        assert set(text) == {"en", "mn"}, key
        assert text["en"].strip(), key
        assert text["mn"].strip(), key
        if not key.startswith("argparse."):
            values = [{name for _, name, _, _ in string.Formatter().parse(text[one]) if name} for one in ("en", "mn")]
            assert values[0] == values[1], key


def test_each_refusal_has_its_sentence() -> None:
    assert {f"refused.{code}" for code in SENTENCES} == {key for key in texts() if key.startswith("refused.")}


def test_mongolian_is_mongolian() -> None:
    for key, text in texts().items():
        assert key.endswith("%(message)s") or any("Ѐ" <= letter <= "ӿ" for letter in text["mn"]), key


def test_labels_are_there_in_both() -> None:
    for terms in ("states", "steps", "sections", "purposes", "urgency", "services", "decline_reasons", "outcomes"):
        for code in vocabulary.codes(terms):
            assert vocabulary.label(terms, code, "en")
            assert vocabulary.label(terms, code, "mn")


def test_the_environment_chooses_the_language() -> None:
    assert language_of({"LANG": "mn_MN.UTF-8"}) == "mn"
    assert language_of({"LANG": "en_GB.UTF-8"}) == "en"
    assert language_of({}) == "en"
    assert language_of({"LC_ALL": "C", "LANG": "mn_MN"}) == "en"


def test_places_have_names() -> None:
    assert Words("en").place("MN-053.dalanzadgad") == "Dalanzadgad"
    assert Words("mn").place("MN") == "улс даяар"
    assert Words("en").place("MN-999") == "MN-999"


def test_foreign_text_moves_no_cursor_and_turns_no_letters() -> None:
    assert (
        plain("a\x1b[2Jb\rc\x07\u202eevil\u2066x\x9bq\ud800")
        == "a\ufffd[2Jb\ufffdc\ufffd\ufffdevil\ufffdx\ufffdq\ufffd"
    )
    assert plain("нэг\nхоёр\tгурав ‑ Қазақ ұ") == "нэг\nхоёр\tгурав ‑ Қазақ ұ"
