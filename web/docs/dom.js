// SPDX-License-Identifier: Apache-2.0
// Elements from data. Texts of the database go in as text nodes only: nothing here reads HTML.

// h("a", {href: "#/", class: "x", onclick: f}, "text", child, [more]); null children and attributes are left out.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  return fill(element, ...children);
}

// Nothing but these in it.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// `code`, **strong**, *emphasis* within a line.
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)/).filter(Boolean).map((part) => {
    if (part.length > 2 && part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    if (part.length > 2 && part.startsWith("*") && part.endsWith("*")) return h("em", {}, part.slice(1, -1));
    return part;
  });
}

// Paragraphs of such text.
export function prose(text) {
  return (text || "").split(/\n{2,}/).filter(Boolean).map((paragraph) => h("p", {}, inline(paragraph)));
}

export const words = (text) => inline(text || "");

// A button that copies what `text` returns, and says so.
export function copyButton(label, text) {
  const button = h("button", {type: "button", class: "quiet small", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Cannot copy";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  }}, label);
  return button;
}

// Tells screen readers what happened elsewhere on the page.
export function announce(text) {
  document.getElementById("live").textContent = text;
}
