// SPDX-License-Identifier: Apache-2.0
// The page: what stands where the address's #… says, the list beside it, the search, the theme.
//   #/  all paths     #/tag/NAME  a resource     #/op/ID  an operation
import {fill, h, prose, words} from "./dom.js";
import {ApiDocument} from "./model.js";
import {rowsOf, schemaTable, typeText} from "./schema.js";
import {TryIt} from "./try.js";

const FOUND_MAX = 60;
const byId = (id) => document.getElementById(id);
const linkTo = (kind, name) => `#/${kind}/${encodeURIComponent(name)}`;

let api, prefix;

// ---- pieces ----

const method = (name) => h("span", {class: `method ${name}`}, name === "delete" ? "DEL" : name.toUpperCase());

function operationLink(operation) {
  return h("a", {class: "operation", href: linkTo("op", operation.id)}, method(operation.method),
    h("code", {}, operation.path), h("span", {class: "summary"}, operation.summary));
}

const ofPrefix = (operations) => operations.filter((operation) => operation.prefix === prefix.prefix);

// ---- views ----

function overview() {
  const {info} = api.json;
  const tags = api.tags.filter((tag) => ofPrefix(tag.operations).length);
  return [h("h1", {tabindex: "-1"}, info.title, " ", h("span", {class: "mark"}, info.version)), h("div", {class: "prose"}, prose(info.description)),
    tags.length ? null : h("p", {class: "problem"}, "Nothing is served here: no resource may be read."),
    tags.map((tag) => h("section", {}, h("h2", {}, h("a", {href: linkTo("tag", tag.name)}, tag.name)), h("div", {class: "prose"}, prose(tag.description)),
      ofPrefix(tag.operations).map(operationLink)))];
}

function relationItem(relation) {
  const columns = relation.from ? ` by ${relation.from.join(", ")}` : "";
  return h("li", {}, h("a", {href: linkTo("tag", relation.to)}, relation.to), h("span", {class: "mark"}, relation.kind),
    h("span", {class: "summary"}, relation.through ? ` through ${relation.through}` : columns, " · ", h("code", {}, relation.hint)));
}

function tagView(name) {
  const tag = api.tags.find((each) => each.name === name);
  if (!tag) return notFound();
  const row = api.rowSchema(name);
  const relations = row?.["x-relations"] || [];
  return [h("h1", {tabindex: "-1"}, name), h("div", {class: "prose"}, prose(tag.description)), ofPrefix(tag.operations).map(operationLink),
    row ? [h("h2", {}, "Columns"), schemaTable(api, row, `Columns of ${name}`)] : null,
    relations.length ? [h("h2", {}, "Related"), h("ul", {class: "relations"}, relations.map(relationItem))] : null];
}

function parameterList(operation) {
  const parameters = api.parameters(operation);
  const filters = parameters.filter((each) => api.deref(each.schema)["x-operators"]);
  const others = parameters.filter((each) => !filters.includes(each));
  const item = (each) => [h("dt", {}, h("code", {}, each.name), each.required ? h("span", {class: "mark"}, "required") : null,
    each.in !== "query" ? h("span", {class: "mark"}, each.in) : null), h("dd", {}, words(each.description))];
  return [
    others.length ? [h("h2", {}, "Parameters"), h("dl", {}, others.map(item))] : null,
    filters.length ? [h("h2", {}, "Filters"), h("dl", {class: "filters"}, filters.map((each) => [h("dt", {}, h("code", {}, each.name)),
      h("dd", {}, api.deref(each.schema)["x-operators"].map((operator) => h("code", {}, operator)))]))] : null,
  ];
}

function responseItem([status, response]) {
  const content = Object.entries(response.content || {});
  const [type, media] = content[0] || [];
  return h("details", {open: status === "200"}, h("summary", {}, h("strong", {class: /^2/.test(status) ? "good" : "bad"}, status), " ", words(response.description)),
    content.length ? h("p", {class: "type"}, content.map(([each]) => h("code", {}, each))) : null,
    media && !media.schema.$ref && media.schema.properties ? schemaTable(api, media.schema, `The answer ${status}`) : null,
    media ? h("p", {class: "type"}, typeText(api, media.schema)) : null,
    media && /^2/.test(status) && /json/.test(type) ? schemaTable(api, rowsOf(api, media.schema), `A row of the answer ${status}`) : null,
    media && !/^2/.test(status) ? schemaTable(api, media.schema, `The problem ${status}`) : null);
}

function operationView(id) {
  const operation = api.byId.get(id);
  if (!operation) return notFound();
  const body = api.body(operation)?.content;
  const [type, media] = body ? Object.entries(body)[0] : [];
  return [h("div", {class: "columns"}, h("article", {},
    h("p", {class: "crumbs"}, h("a", {href: linkTo("tag", operation.tag)}, operation.tag)),
    h("h1", {tabindex: "-1"}, operation.summary), h("p", {class: "path"}, method(operation.method), h("code", {}, operation.path),
      h("button", {type: "button", class: "quiet small jump", onclick: () => { byId("try").scrollIntoView(); byId("try").focus(); }}, "Try it")),
    h("div", {class: "prose"}, prose(operation.description)), parameterList(operation),
    body ? [h("h2", {}, "Body"), h("p", {class: "type"}, Object.keys(body).map((each) => h("code", {}, each))),
      schemaTable(api, media.schema.oneOf ? media.schema.oneOf[0] : media.schema, `The body, ${type}`)] : null,
    h("h2", {}, "Answers"), api.responses(operation).map(responseItem)), new TryIt(api, operation).element)];
}

const notFound = () => [h("h1", {tabindex: "-1"}, "Not here"), h("p", {}, "The API has changed, or the link was wrong. ", h("a", {href: "#/"}, "All paths"))];

// ---- the list beside, and the search ----

function navigation() {
  const isFunctionOrQuery = (tag) => !api.rowSchema(tag.name);
  const groups = [["Resources", api.tags.filter((tag) => !isFunctionOrQuery(tag)).map((tag) => ({label: tag.name, href: linkTo("tag", tag.name)}))],
    ...api.tags.filter((tag) => isFunctionOrQuery(tag)).map((tag) => [tag.name, ofPrefix(tag.operations).map((operation) =>
      ({label: operation.below.replace(/^\/(rpc\/)?/, ""), href: linkTo("op", operation.id), kind: operation.method}))])];
  return groups.filter(([, items]) => items.length).map(([name, items]) => h("section", {}, h("h2", {}, name),
    h("ul", {}, items.map(navigationItem))));
}

function navigationItem({label, href, kind}) {
  return h("li", {}, h("a", {href, "aria-current": href === location.hash ? "page" : null},
    kind === "column" ? h("span", {class: "method column"}, "col") : kind ? method(kind) : null, h("span", {}, label)));
}

function foundItems(text) {
  const found = api.search(text, prefix.prefix);
  if (!found.length) return [h("p", {class: "loading"}, "Nothing matches.")];
  return [h("section", {}, h("h2", {}, `${found.length} found`), h("ul", {}, found.slice(0, FOUND_MAX).map(navigationItem)),
    found.length > FOUND_MAX ? h("p", {class: "loading"}, "Type more to see fewer.") : null)];
}

function drawNavigation() {
  const text = byId("search").value.trim();
  fill(byId("nav"), text ? foundItems(text) : navigation());
}

function drawPrefixes() {
  fill(byId("prefixes"), (api.prefixes.length < 2 ? [] : api.prefixes).map((each) =>
    h("button", {type: "button", "aria-pressed": String(each === prefix), onclick: () => choose(each)},
      h("code", {}, each.prefix || "/"), h("span", {class: "manner"}, each.manner))));
}

// Another prefix: the same operation below it, where there is one.
function choose(other) {
  const shown = api.byId.get(decodeURIComponent(location.hash.replace(/^#\/op\//, "")));
  prefix = other;
  const twin = shown && api.twin(shown, other.prefix);
  drawPrefixes();
  if (shown) location.hash = twin ? linkTo("op", twin.id) : linkTo("tag", shown.tag);
  draw();
}

// ---- where we are ----

function view() {
  const [, kind, name] = location.hash.match(/^#\/(tag|op)\/(.+)$/) || [];
  if (kind === "tag") return tagView(decodeURIComponent(name));
  if (kind !== "op") return overview();
  const operation = api.byId.get(decodeURIComponent(name));
  if (operation && operation.prefix !== prefix.prefix) {
    prefix = api.prefixes.find((each) => each.prefix === operation.prefix);
    drawPrefixes();
  }
  return operationView(decodeURIComponent(name));
}

function draw() {
  fill(byId("main"), view());
  document.title = `${byId("main").querySelector("h1").textContent} · ${api.json.info.title} API`;
  drawNavigation();
}

function moved() {
  setMenu(false);
  draw();
  window.scrollTo(0, 0);
  byId("main").querySelector("h1").focus({preventScroll: true});
}

function setMenu(open) {
  byId("menu").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("menu-open", open);
}

// ---- light and dark ----

const THEMES = ["auto", "light", "dark"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = {auto: "◐", light: "☀", dark: "☾"}[theme];
  byId("theme").setAttribute("aria-label", `Theme: ${theme}`);
  try { localStorage.setItem("leat-theme", theme); } catch { /* private windows may have none */ }
}

function keptTheme() {
  try { return THEMES.includes(localStorage.getItem("leat-theme")) ? localStorage.getItem("leat-theme") : "auto"; } catch { return "auto"; }
}

// ---- keys ----

function onKey(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape" && document.activeElement === byId("search")) {
    byId("search").value = "";
    drawNavigation();
  } else if (event.key === "Enter" && document.activeElement === byId("search")) {
    byId("nav").querySelector("a")?.click();
  }
}

async function start() {
  setTheme(keptTheme());
  byId("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length]));
  byId("menu").addEventListener("click", () => setMenu(byId("menu").getAttribute("aria-expanded") !== "true"));
  byId("search").addEventListener("input", () => { drawNavigation(); setMenu(byId("search").value !== "" || document.body.classList.contains("menu-open")); });
  document.addEventListener("keydown", onKey);
  try {
    api = await ApiDocument.load(new URL("openapi.json", document.baseURI));
  } catch (error) {
    fill(byId("main"), h("h1", {}, "No document"), h("p", {class: "problem"}, error.message));
    return;
  }
  [prefix] = api.prefixes;
  byId("title").textContent = api.json.info.title;
  drawPrefixes();
  draw();
  window.addEventListener("hashchange", moved);
}

start();
