"""Which sign parts a figure's decimals, and which its thousands, by the custom of languages."""

from __future__ import annotations

_POINT_GROUPING = "de es it pt nl tr id vi el ro da hr sr sl ca"
_SPACE_GROUPING = "fr pl ru uk cs sk bg sv no fi et lv lt hu"
_COMMA_GROUPING = "en zh ja ko th hi he ms ur bn ta te mr gu kn fa sw ar"

POINT_GROUPS = frozenset(_POINT_GROUPING.split())
"""1.234,5"""
COMMA_GROUPS = frozenset(_COMMA_GROUPING.split())
"""1,234.5"""
COMMA_DECIMAL = POINT_GROUPS | frozenset(_SPACE_GROUPING.split())
POINT_DECIMAL = COMMA_GROUPS - {"ar"}
"""Arabic has both customs, from country to country."""
