// Elements out of data. Text is only ever text: nothing here, or anywhere in the page, parses markup out of data.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element.
 * @param {string} tag
 * @param {Object} properties `class`, `text`, `data` (dataset), `on` (event -> listener), `style` (CSS property -> value); what is left
 *   is attributes: true is an empty one, and null, undefined and false are left out.
 * @param {...(Node|string|null|undefined|false)} children
 */
export function el(tag, properties = {}, ...children) {
  const { class: names, text, data, on, style, ...attributes } = properties;
  const element = document.createElement(tag);
  if (names) element.className = names;
  if (text !== undefined) element.textContent = text;
  Object.assign(element.dataset, data);
  for (const [event, listener] of Object.entries(on ?? {})) element.addEventListener(event, listener);
  for (const [name, value] of Object.entries(style ?? {})) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

/** An icon of the sprite, hidden from screen readers. */
export function icon(name, classes = "") {
  const svg = svgElement("svg", { "aria-hidden": "true" });
  if (classes) svg.setAttribute("class", classes);
  svg.append(svgElement("use", { href: `/page/icons.svg#${name}` }));
  return svg;
}

/** An SVG element. */
export function svgElement(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** The element of an id. */
export const byId = (id) => document.getElementById(id);

/** A button with an icon; its label is for screen readers and as a tooltip. */
export function iconButton(name, label, onClick, properties = {}) {
  return el("button", { type: "button", class: "quiet", "aria-label": label, title: label, on: { click: onClick }, ...properties }, icon(name));
}
