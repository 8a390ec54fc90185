"""Files that somebody names to go with a form or a note: picked, and said before anything is sent."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ortoo.attached import Attached
from ortoo.cli.running import Run, Usage, readable
from ortoo.form import Evidence, Form


def note_of(run: Run) -> tuple[str | None, list[Attached]]:
    """The note of a step, and the files of `--attach PATH` that go with it, told on stderr. Raises AttachmentError."""
    note = run.options.note
    if note is None and run.options.attach:
        raise Usage("error.needs", option="--note")
    files = [_picked(run, one) for one in run.options.attach]
    tell(run, files)
    return None if note is None else readable(note), files


def with_files(run: Run, form: Form) -> Form:
    """The form with the files of `--attach SECTION=PATH`. Raises AttachmentError."""
    attached: dict[str, tuple[Attached, ...]] = {}
    for one in run.options.attach:
        section, equals, path = one.partition("=")
        if not equals or not path or section not in form.sections:
            raise Usage("error.attach", sections=", ".join(form.sections))
        attached[section] = (*attached.get(section, ()), _picked(run, path))
    tell(run, (file for files in attached.values() for file in files))
    return replace(form, attached=attached) if attached else form


def evidence(run: Run) -> Evidence | None:
    """What `--evidence TEXT` and `--evidence-file PATH` give: each file stays as it is, byte for byte. None where
    neither was given. Raises AttachmentError.
    """
    text, paths = run.options.evidence, run.options.evidence_file
    if text is None and not paths:
        return None
    files = tuple(Attached.of(Path(one), keep_metadata=True) for one in paths)
    for one in files:
        run.screen.aside(run.words("evidence.goes", name=one.name, size=size(run, one.size)), "")
    return Evidence({} if text is None else {"note": readable(text)}, files)


def with_evidence(run: Run, form: Form) -> Form:
    """The form with the evidence that was given on the command line. Raises AttachmentError."""
    given = evidence(run)
    if given is None:
        return form
    fields = {**form.sections.get("evidence", {}), **given.fields}
    files = (*form.attached.get("evidence", ()), *given.files)
    return replace(form, sections={**form.sections, "evidence": fields}, attached={**form.attached, "evidence": files})


def _picked(run: Run, path: str) -> Attached:
    return Attached.of(Path(path), keep_metadata=run.options.keep_metadata)


def tell(run: Run, files: Iterable[Attached]) -> None:
    """Which files go, and whether what a photo says beside the picture goes with it."""
    for one in files:
        kept = "file.cleaned" if one.cleaned else "file.as_it_is"
        run.screen.aside(run.words("file.goes", name=one.name, size=size(run, one.size), kept=run.words(kept)), "")


def size(run: Run, length: int) -> str:
    return run.words("file.size", size=f"{max(0.1, length / 2**20):.1f}")
