"""The page in a real browser: whoever clicks a choice sees what belongs to it, and nothing else of that choice.

The page has no script; the copy that is tried has one, which clicks and looks. Debian's chromium is what .ci/run
installs; where there is none, this is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.tools.explore.test_page import a_page
from tools.explore.page import as_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
CLICKS = """
<script>
const seen = [];
const isShown = element => element.offsetParent !== null;
for (const pick of document.querySelectorAll(".pick")) {
  const labels = [...pick.querySelectorAll(":scope > .labels > label")];
  const panels = [...pick.querySelectorAll(":scope > .shown > *")];
  const within = pick.closest(".shown > *");
  if (within) document.querySelectorAll(".pick").forEach(outer => {
    const at = [...outer.querySelectorAll(":scope > .shown > *")].findIndex(panel => panel.contains(pick));
    if (at >= 0 && outer !== pick) outer.querySelectorAll(":scope > .labels > label")[at].click();
  });
  seen.push(labels.map(label => {
    label.click();
    return {label: label.textContent, shown: panels.flatMap((panel, at) => isShown(panel) ? [at] : [])};
  }));
}
document.title = "clicked";
const result = document.createElement("pre");
result.id = "seen";
result.textContent = JSON.stringify({seen, wide: document.documentElement.scrollWidth > window.innerWidth});
document.body.append(result);
</script>
"""


def browsed(page: str, folder: Path, width: int) -> Any:
    """What a browser has after the clicks, in a window of some width."""
    assert CHROMIUM
    clicked = re.sub(r"<meta http-equiv=[^>]+>", "", page).replace("</body>", f"{CLICKS}</body>")
    file = folder / "page.html"
    file.write_text(clicked)
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900", "--dump-dom"]
    done = subprocess.run([*command, file.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    return json.loads(found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine; .ci/run installs it")
@pytest.mark.parametrize("width", [500, 1200])
def test_a_click_shows_what_belongs_to_it(width: int, tmp_path: Path) -> None:
    result = browsed(as_html(a_page()), tmp_path, width)
    assert len(result["seen"]) == 9  # users, versions twice, and three choices for each of two users
    for choice in result["seen"]:
        assert [each["shown"] for each in choice] == [[at] for at in range(len(choice))]
    assert not result["wide"]
