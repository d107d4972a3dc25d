// What a map is drawn with: coordinates and texts out of the data, symbols, places on a canvas.
// Texts of the data become text nodes and nothing else, so that no name of a place is ever read as markup.
"use strict";
const L = globalThis.L;
const STEPS = 100000;
const DIGITS = "abcdefghijklmnoprstuyzABCDEFGHIJKLMNOPRSTUYZ!#$%()*+,-.:;?[]^_";
const SIGNS = Object.fromEntries(Array.from(DIGITS + "|~", (sign, at) => [sign, at]));
const SVG = "http://www.w3.org/2000/svg";
const PAGE = 40;
const ON_PAPER = 400;
const LABELS = 150;
const FEW = 12;
const NO_FIGURE = -1;
const MANY_AREAS = 150;

const make = (tag, className = "", text = "") => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => String(values[name]));
const numbers = (coded, count) => {
  if (coded[0] === DIGITS[0]) return Array(count).fill(numbers(coded.slice(1), 1)[0]);
  const width = DIGITS.indexOf(coded[0]), found = [];
  for (let at = 1; at < coded.length; at += width) {
    let value = 0;
    for (let place = width - 1; place >= 0; place--) value = value * 62 + DIGITS.indexOf(coded[at + place]);
    found.push(value);
  }
  return found;
};
const column = (coded, count) => coded.each || numbers(coded.of, count).map((at, place) => coded.words[at] + (coded.ends ? coded.ends[place] : ""));
const plain = text => text.normalize("NFKC").toLowerCase();
const whole = steps => {
  const found = [];
  let value = 0, unit = 1;
  for (const sign of steps) {
    const digit = SIGNS[sign];
    value += (digit % 32) * unit;
    unit *= 32;
    if (digit >= 32) continue;
    found.push(value % 2 ? -(value + 1) / 2 : value / 2);
    value = 0;
    unit = 1;
  }
  return found;
};
const points = steps => {
  const found = [], moved = whole(steps);
  let north = 0, east = 0;
  for (let at = 0; at < moved.length; at += 2) {
    north += moved[at];
    east += moved[at + 1];
    found.push([north / STEPS, east / STEPS]);
  }
  return found;
};
const icon = category => {
  const svg = document.createElementNS(SVG, "svg");
  const disc = document.createElementNS(SVG, "circle");
  const path = document.createElementNS(SVG, "path");
  const set = (element, values) => Object.entries(values).forEach(([name, value]) => element.setAttribute(name, value));
  set(svg, { viewBox: "-3 -3 22 22", width: 22, height: 22, "aria-hidden": "true" });
  set(disc, { cx: 8, cy: 8, r: 10.5, fill: category.colour });
  set(path, { d: category.path, fill: category.on });
  svg.append(disc, path);
  return svg;
};
const hatching = () => {
  const tile = make("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = "#b0b0b0";
  pen.beginPath();
  pen.moveTo(-2, 2); pen.lineTo(2, -2); pen.moveTo(0, 8); pen.lineTo(8, 0); pen.moveTo(6, 10); pen.lineTo(10, 6);
  pen.stroke();
  return pen.createPattern(tile, "repeat");
};

// A place on the canvas: a disc with its symbol, or a dot where many are seen at once.
L.Canvas.include({
  _drawPlace(layer) {
    if (!this._drawing || layer._empty() || layer.off) return;
    const pen = this._ctx, { x, y } = layer._point, { category } = layer, radius = layer._radius;
    pen.save();
    pen.translate(x, y);
    pen.beginPath();
    pen.arc(0, 0, radius, 0, 2 * Math.PI);
    pen.fillStyle = category.colour;
    pen.fill();
    pen.lineWidth = layer.found ? 4 : 1.2;
    pen.strokeStyle = layer.found ? "#222" : "#fff";
    pen.stroke();
    if (radius >= 7) {
      pen.scale(radius / 11, radius / 11);
      pen.translate(-8, -8);
      pen.fillStyle = category.on;
      pen.fill(category.drawn);
    }
    pen.restore();
  },
});
const Place = L.CircleMarker.extend({
  _updatePath() { this._renderer._drawPlace(this); },
  _containsPoint(point) { return !this.off && L.CircleMarker.prototype._containsPoint.call(this, point); },
});
