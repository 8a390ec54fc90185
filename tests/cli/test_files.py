"""Files on the command line: one story, as two people would type it."""

from pathlib import Path

from ortoo.practice import photo
from tests.cli.conftest import SCENARIO, Ortoo


def test_files_are_attached_shown_and_saved(ortoo: Ortoo, tmp_path: Path) -> None:
    taken, film, folder = tmp_path / "taken.jpg", tmp_path / "film.mp4", tmp_path / "saved"
    photo.write(taken, 300_000)
    film.write_bytes(b"\0\0\0\x18ftypisom" + bytes(2000))
    folder.mkdir()
    nara, send = ("--as", "mrc.nara"), ("send", str(SCENARIO), "--yes", "--attach")

    wrong = {
        "medical=" + str(taken): "A file goes with a section of the form: --attach SECTION=PATH. Sections: ",
        str(taken): "A file goes with a section of the form: --attach SECTION=PATH. Sections: ",
        f"needs={tmp_path / 'no.jpg'}": "The file no.jpg is not there, or cannot be read.",
        f"needs={film}": "What the file film.mp4 says beside its picture (place, device) cannot be taken out here.",
    }
    for attach, sentence in wrong.items():
        run = ortoo(*nara, "--lang", "en", *send, attach)
        assert (run.returncode, sentence in run.stderr) == (2, True), run.stderr
    assert ortoo.json(*nara, "outbox")["referrals"] == []

    run = ortoo(*nara, "--lang", "en", *send, f"needs={taken}")
    assert run.returncode == 0, run.stderr
    said = "File: taken.jpg · 0.3 MB · what a photo says beside its picture (place, device) was taken out"
    assert said in run.stderr
    id = ortoo.json(*nara, "outbox")["referrals"][0]["id"]
    kept = ("message", id, "--text", "Бичлэг.", "--attach", str(film), "--keep-metadata")
    delger = ("--as", "mgec.delger", "--lang", "en")
    opened = ortoo(*delger, "open", id)
    assert "File: taken.jpg · image/jpeg · 0.3 MB" in opened.stdout
    assert f"save {id.replace('-', '')[-8:]}" in opened.stdout
    assert ortoo(*nara, *kept).returncode == 0
    assert "File: film.mp4 · application/octet-stream · 0.1 MB" in ortoo(*delger, "show", id).stdout

    # A file goes with a step's note, and with nothing else.
    plan = tmp_path / "plan.txt"
    plan.write_text("Өдөр бүр утсаар ярина.", encoding="utf-8")
    attached = ("accept", id, "--attach", str(plan))
    run = ortoo(*delger, *attached)
    assert (run.returncode, "--note" in run.stderr) == (2, True), run.stderr
    run = ortoo(*delger, *attached, "--note", "Ирээрэй.")
    assert run.returncode == 0, run.stderr
    assert "File: plan.txt" in run.stderr
    assert "File: plan.txt" in ortoo(*nara, "--lang", "en", "show", id).stdout

    value = ortoo.json("--as", "mgec.delger", "save", id, "--to", str(folder))
    assert value == {
        "saved": [
            {"file": number, "path": str(folder / name)}
            for number, name in enumerate(("taken.jpg", "film.mp4", "plan.txt"), 1)
        ],
        "not_saved": [],
    }
    assert (folder / "film.mp4").read_bytes() == film.read_bytes()
    assert b"Exif" not in (folder / "taken.jpg").read_bytes()
    again = ortoo(*delger, "save", id, "--file", "2", "--to", str(folder))
    assert f"File 2 is saved: {folder / 'film (2).mp4'}" in again.stdout
    for options, sentence in (
        (("--file", "4"), "There is no file of this number. The numbers go from 1 to 3."),
        (("--to", str(tmp_path / "no")), f"There is no folder {tmp_path / 'no'}."),
    ):
        run = ortoo(*delger, "save", id, *options)
        assert (run.returncode, sentence in run.stderr) == (2, True), run.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["film (2).mp4", "film.mp4", "plan.txt", "taken.jpg"]
