"""The figures as a page and as a plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from bench.load import Measured


@dataclass(frozen=True)
class Figures:
    """raw: sends a second as bare inserts; explained: how the lists are read with so many rows; logged: what
    bench.logs says; latency: of a send with the log and without, ms; told: of a send and of telling the other side, ms;
    withdrawals: over five agencies and over one, ms.
    """

    inbox: dict[str, Measured]
    one_by_one: Measured
    together: Measured
    raw: float
    rows: int
    long_life: Measured
    explained: Sequence[dict[str, Any]]
    logged: dict[str, Any]
    latency: tuple[float, float]
    told: tuple[float, float]
    withdrawals: tuple[float, float]


def page(figures: Figures, when: str) -> str:
    hub, lines = figures.inbox["the hub"], []
    for name, one in figures.inbox.items():
        ratio = f"{one.a_second / hub.a_second:.2f}"
        lines.append(f"| {name} | {one.a_second:.0f} | {one.median:.1f} | {one.slow:.1f} | {ratio} |")
    long_life = figures.long_life
    ratio = f"{long_life.a_second / hub.a_second:.2f}"
    name = f"the hub, with {figures.rows:,} more in the list"
    lines.append(f"| {name} | {long_life.a_second:.0f} | {long_life.median:.1f} | {long_life.slow:.1f} | {ratio} |")
    sending = {"the hub, one by one": figures.one_by_one.a_second, "the hub, four at once": figures.together.a_second}
    sending["bare inserts, one by one"] = figures.raw
    sends = [f"| {name} | {value:.0f} | {value / figures.raw:.3f} |" for name, value in sending.items()]
    read = [f"| {one['name']} | {one['ms']:.1f} | {', '.join(one['indexes'])} |" for one in figures.explained]
    return "\n".join(
        [
            "# How fast it is",
            "",
            f"`make bench`: {when}",
            "PostgreSQL without `fsync`, Redis, a process of each server, all on one machine, which also asks.",
            "What counts are the ratios.",
            "",
            "![The same as bars](performance.svg)",
            "",
            "## A page of the inbox: 50 referrals with steps, decisions and clocks",
            "",
            "The same JSON from each, four connections. Written by hand: ASGI and psycopg, the one query, no rule.",
            "",
            "| | answers a second | ms, median | ms, 95 % | to the hub |",
            "|---|---|---|---|---|",
            *lines,
            "",
            "## Sending: one referral a call, sealed before",
            "",
            "Bare inserts: the same rows with psycopg, one transaction each, into tables with the same indexes and no",
            "foreign keys. Nothing is verified there, and nobody is told.",
            "",
            "| | referrals a second | to bare inserts |",
            "|---|---|---|",
            *sends,
            "",
            *_telling(figures),
            *_withdrawals(figures),
            *_log(figures),
            f"## How a list of {figures.rows:,} is read",
            "",
            "The queries of a page of 50 in the database alone. What nothing matches is looked for in the whole list.",
            "",
            "| first page, filtered by | ms | read by |",
            "|---|---|---|",
            *read,
            "",
        ]
    )


def _telling(figures: Figures) -> list[str]:
    accepted, told = figures.told
    return [
        "## Telling",
        "",
        "From when the hub has accepted a referral until the receiving agency's follower has it, verified. Where it is",
        "told nothing it looks by itself, every three seconds: 1,500 ms in the middle.",
        "",
        "| | ms, median |",
        "|---|---|",
        f"| a send by the SDK, sealed and accepted | {accepted:.0f} |",
        f"| from then until the other side has it | {told:.0f} |",
        "",
    ]


def _withdrawals(figures: Figures) -> list[str]:
    five, one = figures.withdrawals
    return [
        "## Taking back",
        "",
        "Until the hub has said that keys and text are gone and a deletion is owed: what one agency has opened, and",
        "what went from one to the next of five who all opened it. One by one they would take five times one.",
        "",
        "| | ms, median | to one |",
        "|---|---|---|",
        f"| one agency | {one:.0f} | 1.00 |",
        f"| a chain of five | {five:.0f} | {five / one:.2f} |",
        "",
    ]


def _log(figures: Figures) -> list[str]:
    """What the transparency log costs."""
    one, (with_it, without) = figures.logged, figures.latency
    (ours, hashes), (checked, bare) = one["rebuilding"], one["signatures"]
    proofs = [
        f"| an inclusion proof of {int(size):,} entries | {cost['ms']:.1f} ms, {cost['tiles']:.1f} tiles,"
        f" {cost['hashes']:.1f} hashes | |"
        for size, cost in one["proofs"].items()
    ]
    return [
        "## The log",
        "",
        "Beside the bare primitive in the same language: as many SHA-256 of the same lengths, as many Ed25519. A send,",
        "one by one, with the log and its sequencer beside it, and with no leaf queued and no sequencer.",
        "",
        "| | | to bare |",
        "|---|---|---|",
        f"| integration, leaves a second | {one['integrated']:.0f} | |",
        f"| a send with the log, ms; without: {without:.1f} | {with_it:.1f} | {with_it / without:.2f} |",
        *proofs,
        f"| rebuilding {one['count']:,} leaves from tiles, s | {ours:.2f} | {ours / hashes:.2f} |",
        f"| … and memory that grew by, MB | {one['grown']} | |",
        f"| checking signatures, each, ms | {checked / 3:.3f} | {checked / bare:.2f} |",
        "",
    ]


def plot(figures: Figures) -> str:
    """Bars, the longest of each group as wide as there is room."""
    groups = [
        ("Inbox, pages a second", [(name, one.a_second) for name, one in figures.inbox.items()]),
        (
            "Sending, referrals a second",
            [
                ("the hub, one by one", figures.one_by_one.a_second),
                ("the hub, four at once", figures.together.a_second),
                ("bare inserts", figures.raw),
            ],
        ),
    ]
    drawn, y = [], 10
    for title, bars in groups:
        drawn.append(f'<text x="10" y="{y + 16}" font-weight="bold">{escape(title)}</text>')
        y += 28
        most = max(value for _, value in bars)
        for name, value in bars:
            width = max(1, round(360 * value / most))
            fill = "#0b5c4a" if name.startswith("the hub") else "#76827d"
            drawn.append(f'<text x="10" y="{y + 14}">{escape(name)}</text>')
            drawn.append(f'<rect x="190" y="{y}" width="{width}" height="18" fill="{fill}"/>')
            drawn.append(f'<text x="{196 + width}" y="{y + 14}">{value:.0f}</text>')
            y += 24
        y += 12
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 {y}" font-family="sans-serif" font-size="13">'
    paper = f'<rect width="620" height="{y}" fill="#ffffff"/>'
    return "\n".join([head, "<title>How fast it is</title>", paper, *drawn, "</svg>", ""])
