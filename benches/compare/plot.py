"""Plots with logarithmic axes as SVG, without dependencies: panels side by side, each with lines and
marks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 320, 280
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 30
COLOURS = ["#1f5fa8", "#b8441f", "#3c7a3c", "#7a4a9c"]
STYLE = "text{font:11px sans-serif;fill:#222}.mark{fill:#777;font-size:9px}"


@dataclass
class Panel:
    """Lines of points by name, and marks at values along x."""

    title: str
    lines: dict[str, list[tuple[float, float]]]
    marks: Iterable[tuple[float, str]] = field(default_factory=list)


def figure(panels):
    """The text of an SVG file."""
    width = WIDTH * max(1, len(panels))
    body = "\n".join(
        f'<g transform="translate({index * WIDTH} 0)">\n{drawn(panel)}\n</g>'
        for index, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}">\n'
        f"<style>{STYLE}</style>\n"
        f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>\n{body}\n</svg>\n'
    )


def drawn(panel):
    """The elements of a panel."""
    points = [point for line in panel.lines.values() for point in line]
    to_x = scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    to_y = scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [label(LEFT, 14, panel.title)]
    parts += [
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
        f'height="{HEIGHT - TOP - BOTTOM}" fill="none" stroke="#999"/>'
    ]
    for x in spread(sorted({x for x, _ in points}), to_x):
        parts += [segment(to_x(x), HEIGHT - BOTTOM, to_x(x), HEIGHT - BOTTOM + 4)]
        parts += [label(to_x(x), HEIGHT - BOTTOM + 16, short(x), anchor="middle")]
    for y in decades(y for _, y in points):
        parts += [segment(LEFT - 4, to_y(y), LEFT, to_y(y))]
        parts += [label(LEFT - 7, to_y(y) + 4, short(y), anchor="end")]
    for row, (x, text) in enumerate(panel.marks):
        parts += [segment(to_x(x), TOP, to_x(x), HEIGHT - BOTTOM, ' stroke-dasharray="3 3"')]
        below = HEIGHT - BOTTOM - 5 - 11 * row
        anchor = "end" if to_x(x) > WIDTH / 2 else "start"
        beside = to_x(x) + (-3 if anchor == "end" else 3)
        parts += [label(beside, below, text, anchor, ' class="mark"')]
    for row, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[row % len(COLOURS)]
        places = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in line)
        parts += [f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"/>']
        parts += [
            f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="2.5" fill="{colour}"/>'
            for x, y in line
        ]
        parts += [label(LEFT + 6, TOP + 14 + 13 * row, name, other=f' style="fill:{colour}"')]
    return "\n".join(parts)


def scale(values, low, high):
    """A function from values to places, logarithmic, with some room at both ends."""
    first, last = math.log(min(values)), math.log(max(values))
    room = 0.06 * (last - first) or 1.0
    first, last = first - room, last + room
    return lambda value: low + (math.log(value) - first) / (last - first) * (high - low)


def spread(values, to_x):
    """Of the values those that have room for a label."""
    kept = []
    for value in values:
        if not kept or to_x(value) - to_x(kept[-1]) > 34:
            kept.append(value)
    return kept


def decades(values):
    """Powers of ten among the values, or their ends if there are few."""
    values = list(values)
    low, high = min(values), max(values)
    exponents = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    powers = [10.0**exponent for exponent in exponents]
    return powers if len(powers) > 1 else [low, high]


def short(value):
    """A number in few digits."""
    if value < 1000:
        return f"{value:.3g}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"


def label(x, y, text, anchor="start", other=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{other}>{escape(text)}</text>'


def segment(x1, y1, x2, y2, other=""):
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="#999"{other}/>'
