"""Makes src/everask/models/README.md from the cards: python dev/make_models_readme.py"""

from __future__ import annotations

from pathlib import Path

MODELS = Path(__file__).parents[1] / "src" / "everask" / "models"
HEAD = """# Learned parts

One folder a part, made from their cards by `python dev/make_models_readme.py`.

| folder | what it is |
|---|---|
"""


def row_of(card: Path) -> str:
    """A folder's row: its card's title."""
    first = card.read_text(encoding="utf-8").splitlines()[0]
    if not first.startswith("# "):
        raise SystemExit(f"{card} needs a title in its first line.")
    return f"| [{card.parent.name}]({card.parent.name}/card.md) | {first.removeprefix('# ')} |"


def make() -> str:
    """The whole page."""
    return HEAD + "\n".join(row_of(card) for card in sorted(MODELS.glob("*/card.md"))) + "\n"


def main() -> None:
    """Write it."""
    (MODELS / "README.md").write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
