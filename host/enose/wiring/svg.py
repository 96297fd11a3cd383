"""A drawing as SVG (W3C, Scalable Vector Graphics 1.1): boxes, wires, texts, and a legend of the wires' colours."""

from xml.sax.saxutils import escape

from enose.wiring.drawing import COLOURS, KINDS, MARGIN, Box, Drawing, Label, Wire

STYLE = """
text { font-family: sans-serif; font-size: 11px; fill: #1c1f23 }
.title { font-size: 16px; font-weight: bold }
.part { font-weight: bold }
.free { fill: #9aa0a6 }
.net { font-size: 10px; fill: #4a4f55 }
rect { fill: #f4f5f2; stroke: #3a3f45 }
path { fill: none; stroke-width: 1.5 }
"""
LEGEND_STEP = 122


def svg_of(picture: Drawing) -> str:
    """The whole SVG document."""
    width, height = picture.width, picture.height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">',
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" style="fill:#ffffff;stroke:none"/>',
        f'<text class="title" x="{MARGIN}" y="36">{escape(picture.title)}</text>',
        *_legend({wire.kind for wire in picture.wires}),
        *(_box(box) for box in picture.boxes),
        *(_wire(wire) for wire in picture.wires),
        *(_label(label) for label in picture.labels),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _legend(drawn: set[str]) -> list[str]:
    lines = []
    for k, kind in enumerate(kind for kind in KINDS if kind in drawn):
        x = MARGIN + LEGEND_STEP * k
        lines.append(f'<path d="M{x} 62h24" stroke="{COLOURS[KINDS.index(kind)]}"/>')
        lines.append(f'<text x="{x + 30}" y="66">{escape(kind)}</text>')
    return lines


def _box(box: Box) -> str:
    return f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="4"/>'


def _wire(wire: Wire) -> str:
    colour = COLOURS[KINDS.index(wire.kind)]
    path = "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in piece) for piece in wire.pieces)
    dots = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="2.5" fill="{colour}"/>' for x, y in wire.dots)
    return f'<g><title>{escape(wire.net)}</title><path d="{path}" stroke="{colour}"/>{dots}</g>'


def _label(label: Label) -> str:
    return (
        f'<text class="{label.style}" x="{label.x:g}" y="{label.y:g}" text-anchor="{label.anchor}">'
        f"{escape(label.text)}</text>"
    )
