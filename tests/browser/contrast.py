"""The contrast of what a page shows, computed from its styles by the formula of WCAG 2."""

from __future__ import annotations

#: Returns the contrast of each visible text, of each control's text and of each line of an SVG, with what it is. Colors are
#: drawn on a canvas, because style sheets may mix them in color spaces that only the browser can convert.
CONTRASTS = """root => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = color => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, under) => [0, 1, 2].map(at => top[at] * top[3] + under[at] * (1 - top[3]));
    const ground = node => {
        const above = [];
        for (let one = node; one; one = one.parentElement) {
            above.push(rgba(getComputedStyle(one).backgroundColor));
            if (above.at(-1)[3] === 1) break;
        }
        return above.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
    };
    const light = color => {
        const [r, g, b] = color.slice(0, 3).map(one => one / 255)
            .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (color, node) => {
        const under = ground(node);
        const [one, two] = [light(over(rgba(color), under)), light(under)];
        return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    };
    const found = [];
    for (const node of root.querySelectorAll('*')) {
        // WCAG exempts what is inactive.
        if (node.disabled || node.closest('[aria-disabled=true], .pnb-visually-hidden, option')) continue;
        if (!node.getClientRects().length) continue;
        const style = getComputedStyle(node);
        const own = [...node.childNodes].filter(one => one.nodeType === 3).map(one => one.data.trim()).join(' ').trim();
        const text = node.matches('input[type=text]') ? node.value : own;
        if (node.matches('svg path.pnb-line')) found.push(['line', contrast(style.stroke, node.closest('div'))]);
        else if (text && !node.closest('svg, style')) found.push([text, contrast(style.color, node)]);
    }
    return found;
}"""
MIN_TEXT, MIN_LINE = 4.5, 3.0


def low_contrasts(root) -> list[tuple[str, float]]:
    """Return what has too little contrast in a part of a page, with its contrast; there must be something to look at."""
    found = root.evaluate(CONTRASTS)
    assert len(found) > 10
    return [(what, ratio) for what, ratio in found if ratio < (MIN_LINE if what == "line" else MIN_TEXT)]
