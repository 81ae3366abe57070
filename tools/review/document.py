"""A document of headings, paragraphs, tables and a picture of time, as Markdown and as one self-contained HTML page."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# `code` and **strong**, in both renderings.
_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


@dataclass(frozen=True)
class Table:
    """Rows under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Bar:
    """Something that takes time, in minutes from the beginning; `is_critical` if it delays the end."""

    label: str
    begins: float
    ends: float
    is_critical: bool = False

    @property
    def when(self) -> str:
        """From when to when."""
        return f"{_clock(self.begins)} to {_clock(self.ends)}"


@dataclass(frozen=True)
class Gantt:
    """Bars on one axis."""

    bars: Sequence[Bar]


Block = str | Table | Gantt


@dataclass
class Section:
    """A heading and what is below it."""

    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Document:
    """The whole."""

    title: str
    sections: list[Section] = field(default_factory=list)


# -- Markdown ----------------------------------------------------------------------------------------------------


def as_markdown(document: Document) -> str:
    """For a comment on a pull request."""
    parts = [f"# {document.title}"]
    for section in document.sections:
        parts += [f"## {section.title}", *(_markdown(block) for block in section.blocks)]
    return "\n\n".join(parts) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Table):
        lines = [block.header, ["---"] * len(block.header), *block.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    if isinstance(block, Gantt):
        bars = [f"    {_plain(bar.label)} :{_tag(bar)}{_clock(bar.begins)}, {_clock(bar.ends)}" for bar in block.bars]
        return "\n".join(["```mermaid", "gantt", "    dateFormat HH:mm", "    axisFormat %H:%M", *bars, "```"])
    return block


def _tag(bar: Bar) -> str:
    return "crit, " if bar.is_critical else ""


def _plain(text: str) -> str:
    """Without what separates fields in a Gantt chart of mermaid."""
    return re.sub(r"[:;,#]", " ", text)


def _clock(minutes: float) -> str:
    hours, rest = divmod(int(minutes), 60)
    return f"{hours:02}:{rest:02}"


# -- terminal ----------------------------------------------------------------------------------------------------


def as_text(document: Document, *titles: str) -> str:
    """Some of its sections, as a terminal shows them: a line for each row, and no markup."""
    parts = [document.title]
    for section in document.sections:
        if section.title in titles:
            parts.append("\n".join([section.title, *(_text(block) for block in section.blocks)]))
    return "\n\n".join(parts) + "\n"


def _text(block: Block) -> str:
    if isinstance(block, Table):
        return "\n".join(f"  {_text_row(block.header, row)}" for row in block.rows)
    if isinstance(block, Gantt):
        width = max((len(bar.label) for bar in block.bars), default=0)
        return "\n".join(f"  {'*' if bar.is_critical else ' '} {bar.label:<{width}}  {bar.when}" for bar in block.bars)
    return _bare(block)


def _text_row(header: Sequence[str], row: Sequence[str]) -> str:
    first, *others = row
    named = [f"{name}: {_bare(cell)}" for name, cell in zip(header[1:], others, strict=True) if cell]
    return " | ".join([_bare(first), *named])


def _bare(text: str) -> str:
    return _STRONG.sub(r"\1", _CODE.sub(r"\1", text))


# -- HTML --------------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #3b76c4; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 76rem;
  overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; }
td { min-width: 5rem; } td:last-child { overflow-wrap: anywhere; min-width: 9rem; }
code { font-size: .85em; } strong { color: var(--bad); }
.gantt { display: grid; grid-template-columns: minmax(8rem, 18rem) 1fr; gap: .2rem .6rem; align-items: center; }
.gantt span { font-size: .85em; } .track { position: relative; height: 1.1rem; }
.bar { position: absolute; height: 100%; min-width: 2px; background: var(--bar); border-radius: 2px; opacity: .45; }
.critical { opacity: 1; } small { opacity: .7; white-space: nowrap; }
@media (max-width: 600px) {
  .gantt { grid-template-columns: 1fr; } thead { display: none; }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { display: block; border: 0; padding: .1rem 0; overflow-wrap: anywhere; } td:empty { display: none; }
  td::before { content: attr(data-label) " "; opacity: .6; }
}
"""


def as_html(document: Document) -> str:
    """One page that needs nothing else."""
    body = "".join(
        f"<section><h2>{html.escape(section.title)}</h2>{''.join(map(_html, section.blocks))}</section>"
        for section in document.sections
    )
    title = html.escape(document.title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Table):
        head = "".join(f"<th>{_inline(cell)}</th>" for cell in block.header)
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td data-label="{html.escape(name)}">{_inline(cell)}</td>'
                for name, cell in zip(block.header, row, strict=True)
            )
            + "</tr>"
            for row in block.rows
        )
        return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    if isinstance(block, Gantt):
        return f'<div class="gantt">{"".join(_bar(bar, _length(block)) for bar in block.bars)}</div>'
    return f"<p>{_inline(block)}</p>"


def _length(gantt: Gantt) -> float:
    return max((bar.ends for bar in gantt.bars), default=1.0) or 1.0


def _bar(bar: Bar, length: float) -> str:
    left, width = 100 * bar.begins / length, 100 * (bar.ends - bar.begins) / length
    kind = "bar critical" if bar.is_critical else "bar"
    drawn = f'<div class="{kind}" style="left:{left:.2f}%;width:{width:.2f}%"></div>'
    return f'<span>{_inline(bar.label)} <small>{bar.when}</small></span><div class="track">{drawn}</div>'


def _inline(text: str) -> str:
    escaped = html.escape(text).replace("\n", "<br>")
    return _STRONG.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", escaped))
