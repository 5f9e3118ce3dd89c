// SPDX-License-Identifier: Apache-2.0
// JSON for people: indented and coloured from its own text, so that a number keeps all its digits (JSON.parse would round it).
import {h} from "./dom.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]|\s+/gy;
const SHOWN_MAX = 20000; // tokens: the browser would take long for more

function classOf(token, isKey) {
  if (token[0] === '"') return isKey ? "key" : "string";
  return /^[tfn]/.test(token) ? "word" : "number";
}

// The tokens without white space; null when it is no JSON.
function tokensOf(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) return null;
    if (match[0].trim()) tokens.push(match[0]);
  }
  return tokens;
}

// A <pre> of the text, indented where it is JSON.
export function jsonView(text) {
  const tokens = tokensOf(text);
  if (!tokens || tokens.length > SHOWN_MAX) return h("pre", {tabindex: "0"}, text);
  const out = h("pre", {class: "json", tabindex: "0"});
  let depth = 0;
  const line = () => "\n" + "  ".repeat(depth);
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      depth++;
      out.append(token, next === "}" || next === "]" ? "" : line());
    } else if (token === "}" || token === "]") {
      depth--;
      out.append(tokens[at - 1] === "{" || tokens[at - 1] === "[" ? token : line() + token);
    } else if (token === ",") out.append(token + line());
    else if (token === ":") out.append(": ");
    else out.append(h("span", {class: classOf(token, next === ":")}, token));
  });
  return out;
}
