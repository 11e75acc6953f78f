// Every visible text of the page that stands out from what is behind it less than WCAG 2.2 asks at level AA, as "ratio element text".
// The colours are those that the browser painted with, half-transparent ones laid over each other.
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map();

/** Red, green, blue from 0 to 255 and opacity from 0 to 1, whatever notation the browser uses. */
function channels(colour) {
    if (!known.has(colour)) {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue, opacity] = canvas.getImageData(0, 0, 1, 1).data;
        known.set(colour, [red, green, blue, opacity / 255]);
    }
    return known.get(colour);
}

const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];

function background(element) {
    if (!element) {
        return [255, 255, 255];
    }
    const own = channels(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, background(element.parentElement));
}

function luminance(colour) {
    const [red, green, blue] = colour
        .map((channel) => channel / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
}

document.querySelectorAll("details").forEach((details) => (details.open = true));
const found = new Set();
let looked = 0;
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
    const text = texts.currentNode.data.trim();
    const element = texts.currentNode.parentElement;
    if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) {
        continue;
    }
    looked += 1;
    const style = getComputedStyle(element);
    const behind = background(element);
    const colour = over(channels(element.closest("svg") ? style.fill : style.color), behind);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = contrast(colour, behind);
    if (ratio < (isLarge ? 3 : 4.5)) {
        found.add(`${ratio.toFixed(2)} ${element.localName}.${element.className} ${text.slice(0, 40)}`);
    }
}
return { looked, found: [...found] };
