"""What a page must be whoever looks at it: accessible, in one language, within its width."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (1366, 1024)
SERIOUS = ("serious", "critical")
# Latin that Chinese readers read as it is: the field's short forms, codes and names of ours.
KNOWN = re.compile(
    r"""^(
        dunwell | dpd | m[0-7] | xlsx | csv | zip | ctrl | enter | english | cookie
      | twd | cny | tw | demo | bench | treatment | v\d+ | app | sms
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
# What comes from the data: references, names of deliveries and files, a domain in a mask.
DATA = re.compile(r"^[A-Z]{1,3}\d{5,}$|^TW-DEMO\S*$|^\w+\.(csv|zip|json)$|^example\.(org|com|net)$")

TEXTS = """() => {
  const found = [];
  const seen = (text, node) => { if (/[A-Za-z]{2,}/.test(text)) found.push([text.trim(), node]); };
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest("script, style, code, kbd, [lang=en], [translate=no]"))
      seen(walker.currentNode.textContent, parent.tagName);
  }
  for (const name of ["title", "placeholder", "aria-label", "alt"])
    for (const node of document.querySelectorAll("[" + name + "]"))
      seen(node.getAttribute(name), name);
  return found;
}"""
WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > width + 1)
    .map((node) => node.tagName + "." + node.className).slice(0, 5);
}"""


def axe_finds(page: Page) -> list[str]:
    """Return what axe calls serious or critical, with the elements it means."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['target']} and {len(one['nodes']) - 1} more"
        for one in found
        if one["impact"] in SERIOUS
    ]


def english_on(page: Page) -> list[str]:
    """Return the Latin words of a Chinese page that are not known."""
    left = []
    for text, where in page.evaluate(TEXTS):
        for word in re.findall(r"[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]", text):
            if not KNOWN.match(word) and not DATA.match(word):
                left.append(f"{word} (in {where}: {text[:60]})")
    return left


def too_wide(page: Page) -> list[str]:
    """Return the elements that make the page scroll sideways."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 768})
        found += [f"{width}: {node}" for node in page.evaluate(WIDER)]
    page.set_viewport_size({"width": WIDTHS[0], "height": 768})
    return found
