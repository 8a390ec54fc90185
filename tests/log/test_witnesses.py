"""Witnesses of both logs: they sign what continues what they saw, and nothing else; C2SP `add-checkpoint` is served."""

import asyncio
import base64
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from ortoo import practice
from ortoo.client import Client
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint, head_of, open_signed, sign_checkpoint
from ortoo.protocol.documents import SigningKey, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.tiles import TiledTree
from ortoo.witness import Witness, WitnessKey, WrongSize
from ortoo.witness_server import WitnessServer
from tests.hubs import NO_TLS, Hub
from tests.log.reading import folder, head, logged, until
from tests.log.test_proofs import ORIGIN, signed
from tests.members import at_work, plain_form
from tests.people.lying_hub import LyingHub


@pytest.fixture
def store_kind() -> str:
    return "sqlite"


def witness(hub: Hub, number: int, state: Path) -> Witness:
    key = WitnessKey.read(hub.practice / "witnesses" / f"w{number}.json")
    return Witness(key, practice.identity("mrc.nara", hub.practice).anchor, state)


def names_on(hub: Hub, log: str) -> set[str]:
    """Who has cosigned the newest checkpoint, by its lines."""
    note = (folder(hub.store, log) / "checkpoint").read_text(encoding="utf-8")
    return {line.split()[1] for line in note.split("\n\n", 1)[1].splitlines()}


async def test_the_practice_networks_three_cosign_both_logs(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(1))
        await logged(hub.store)
        three = {f"w{number}.practice.ortoo.example" for number in (1, 2, 3)}
        for log in ("activity", "directory"):
            await until(lambda log=log: names_on(hub, log) == three | {f"practice.ortoo.example/log/{log}"})  # type: ignore[misc]
            note = (folder(hub.store, log) / "checkpoint").read_text(encoding="utf-8")
            opened = open_signed(note, f"practice.ortoo.example/log/{log}", nara.directory.policy)
            assert sorted(opened.cosigned) == ["w1", "w2", "w3"]
        await nara.send(plain_form(2))  # and each newer one
        size = await logged(hub.store)
        await until(lambda: head(hub.store).size == size and names_on(hub, "activity") > three)


async def test_a_witness_signs_nothing_that_does_not_continue_what_it_saw(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara, Client(hub.url) as honest, LyingHub(hub.url) as lying:
        await nara.send(plain_form(1))
        size = await logged(hub.store)
        one = witness(hub, 1, tmp_path)
        found = await one.look(honest)
        assert set(found) <= {"directory", "activity"}
        one._keep(head(hub.store))  # the hub's own witness of this name may have been quicker
        async with Client(lying.url) as client:
            for checkpoint, proof in (
                (signed(hub, size, bytes(32)), []),
                (signed(hub, size - 1, bytes(32)), []),
                (signed(hub, size + 1, bytes(32)), [bytes(32)]),
            ):
                said = {
                    "checkpoint": checkpoint,
                    "consistency": [base64.urlsafe_b64encode(p).decode().rstrip("=") for p in proof],
                }
                lying.lies["ActivityToCosign"] = lambda _, said=said: {"activityToCosign": said}  # type: ignore[misc]
                with pytest.raises(Refused) as raised:
                    await one.look(client)
                assert raised.value.code in ("proof_invalid", "checkpoint_rollback")
                assert one.cosigned(ORIGIN) == head(hub.store)
        assert "CosignActivity" not in lying.asked

        # It remembers, on a new start too; and a stranger's witness is nobody.
        assert witness(hub, 1, tmp_path).cosigned(ORIGIN) == head(hub.store)
        stranger = Witness(WitnessKey.generate("stranger.example"), nara.identity.anchor, tmp_path)
        with pytest.raises(Refused, match="key_unknown"):
            await stranger.look(honest)


async def test_what_was_handed_to_a_witness_elsewhere_meanwhile_ends_no_look(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara, LyingHub(hub.url) as lying, Client(lying.url) as client:
        await nara.send(plain_form(1))
        await logged(hub.store)
        one = witness(hub, 1, tmp_path)

        def meanwhile(data: dict[str, Any]) -> dict[str, Any]:
            """Another process of the witness, or whoever asked its server, was quicker than this answer."""
            one._keep(head(hub.store))
            checkpoint = data["activityToCosign"]["checkpoint"]
            text, lines = checkpoint["note"].split("\n\n", 1)
            checkpoint["note"] = f"{text}\n\n{lines.splitlines()[0]}\n"  # nobody has cosigned it yet
            return data

        lying.lies["ActivityToCosign"] = meanwhile
        assert "activity" not in await one.look(client)
        assert "CosignActivity" not in lying.asked
        lying.lies.clear()
        await nara.send(plain_form(2))
        await logged(hub.store)
        await one.look(client)  # and goes on from there


async def test_two_programs_of_one_witness_sign_no_two_histories(hub: Hub, tmp_path: Path) -> None:
    """Each is handed another first checkpoint of the same size, all at once; for a lock each has to open the file."""
    async with Client(hub.url) as client:
        await witness(hub, 1, tmp_path).look(client)
    several = [witness(hub, 1, tmp_path) for _ in range(8)]
    for file in tmp_path.glob("*.cosigned.json"):
        file.unlink()
    start = threading.Barrier(len(several))

    def add(number: int) -> str:
        start.wait()
        try:
            return several[number].add(signed(hub, 3, bytes([number] * 32))["note"], 0, [])
        except WrongSize:
            return ""

    with ThreadPoolExecutor(len(several)) as pool:
        lines = list(pool.map(add, range(len(several))))
    assert [bool(line) for line in lines].count(True) == 1


async def test_add_checkpoint_as_the_specification_has_it(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara, Client(hub.url) as client:
        await nara.send(plain_form(1))
        first = await logged(hub.store)
        small = (folder(hub.store) / "checkpoint").read_text(encoding="utf-8")
        one = witness(hub, 1, tmp_path)
        with (
            WitnessServer(one, "127.0.0.1", 0) as server,
            httpx.Client(base_url=f"http://127.0.0.1:{server.port}", verify=NO_TLS) as web,
        ):
            assert add(web, 0, [], small).status_code == 503  # it has not seen the network
            await one._look_at_directory(client)
            assert add(web, 0, [], small).status_code == 200
            assert (tmp_path / f"witness-{one.key.public.id.hex()}.cosigned.json").exists()
            await nara.send(plain_form(2))
            second = await logged(hub.store)
            note = (folder(hub.store) / "checkpoint").read_text(encoding="utf-8")
            proof = TiledTree(second, lambda tile: (folder(hub.store) / tile.path).read_bytes()).consistency_proof(
                first
            )

            conflict = add(web, 0, [], note)
            assert (conflict.status_code, conflict.text) == (409, f"{first}\n")
            assert conflict.headers["content-type"] == "text/x.tlog.size"
            key = log_key(hub)
            other = sign_checkpoint(Checkpoint(ORIGIN, second, bytes(32)), key)
            fork = sign_checkpoint(Checkpoint(ORIGIN, first, bytes(32)), key)
            unknown = sign_checkpoint(Checkpoint("elsewhere.example/log", second, bytes(32)), key)
            unsigned = sign_checkpoint(Checkpoint(ORIGIN, second, head_of(note).root), SigningKey.generate())
            for status, old, lines, brought in (
                (422, first, proof[:-1], note),
                (422, first, [], note),
                (422, first, proof, other),
                (409, first, [], fork),
                (404, first, proof, unknown),
                (403, first, proof, unsigned),
                (400, second + 1, [], note),
                (400, first, [bytes(32)] * 64, note),
                (400, first, [bytes(31)], note),
                (400, 0, proof, note),
                (400, first, proof, "nonsense"),
            ):
                assert add(web, old, lines, brought).status_code == status, (status, old)
            assert web.post("/add-checkpoint", content=b"old 01\n\n" + note.encode()).status_code == 400
            assert web.post("/add-checkpoint", content=b"x" * 70_000).status_code == 413
            assert web.post("/other", content=b"").status_code == 404

            added = add(web, first, proof, note)
            assert added.status_code == 200
            opened = open_signed(note + added.text, ORIGIN, nara.directory.policy)
            assert "w1" in opened.cosigned
            assert add(web, second, [], note).status_code == 200  # again, which is a newer signature

            # Of many who bring theirs at once, each gets an answer that fits what was kept.
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", verify=NO_TLS) as many:
                body = request(second, [], note)
                answers = await asyncio.gather(*(many.post("/add-checkpoint", content=body) for _ in range(8)))
                assert {one.status_code for one in answers} == {200}
    kept = json.loads((tmp_path / f"witness-{one.key.public.id.hex()}.cosigned.json").read_text(encoding="utf-8"))
    assert kept[ORIGIN]["size"] == second
    merkle.verify_consistency(first, second, head_of(small).root, unb64(kept[ORIGIN]["root"]), proof)


def request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def add(web: httpx.Client, old: int, proof: Sequence[bytes], note: str) -> Any:
    return web.post("/add-checkpoint", content=request(old, proof, note))


def log_key(hub: Hub) -> SigningKey:
    return SigningKey(unb64((hub.practice / "hub" / "activity.key").read_text(encoding="utf-8").strip()))
