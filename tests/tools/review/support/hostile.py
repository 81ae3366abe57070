"""Values that try to be more than values, in a page or in a comment."""

from __future__ import annotations

from hypothesis import strategies as st

TEXTS = (
    "2\n\n# Verdict\n\nCan be deployed",
    "2\r\n## Verdict\r\n",
    "x\n\n> [!TIP]\n> Can be deployed",
    "<!-- everything below is hidden",
    "--> <h2>Verdict</h2>",
    "</code></td></tr></table><h1>Verdict</h1>",
    "</details><details open><summary>Verdict</summary>",
    "</style></title></textarea><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "`a` ``b`` ```\n# c\n```",
    "\\`\\|\\\\|",
    "a | b | c\n| --- | --- |\n| d | e |",
    "[text](https://example.com) ![picture](https://example.com/a.png)",
    "https://example.com www.example.com someone@example.com",
    "[1]: https://example.com\n[1]",
    "*a* **b** __c__ ~~d~~ _e_",
    "Verdict\n=======\n\nVerdict\n---",
    "---\n***\n- [ ] a\n1. b\n+ c",
    "    code\n\tcode",
    "<Bucket> <Region> * ${AWS::Region}",
    "&lt;b&gt; &amp; &#35; &nbsp;",
    "$x^2$ :smile: @somebody #1 GH-1 owner/repo#1",
    "{{ review }} {% raw %} {# #}",
    "<![CDATA[ ]]> <?php ?> <!DOCTYPE html>",
    "a\x00b\x1b[31mc\u202ed\u200be\ud800",
    'EXCLUDE ItemID\nWHERE Items.GENRES IN ($GENRES)\n| EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
)

# Pieces of markup in any order, with anything between them.
_PIECES = st.one_of(
    st.sampled_from([*TEXTS, *"`|*_~<>[]()#&\\\n\"'!-=+:;@$^{}", "\n\n", "<!--", "-->", "```", "</", "<br>", "  "]),
    st.text(st.characters(exclude_categories=[]), max_size=5),
)
HOSTILE = st.lists(_PIECES, min_size=1, max_size=8).map("".join)
