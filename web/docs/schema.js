// SPDX-License-Identifier: Apache-2.0
// Schemas for people: a type in a word, its bounds in a few, tables of members, and a body to start from.
import {h, words} from "./dom.js";

function merged(api, schema) {
  const whole = api.deref(schema) || {};
  if (!whole.allOf) return whole;
  return whole.allOf.map((part) => merged(api, part)).reduce((all, part) => ({...all, ...part,
    properties: {...all.properties, ...part.properties}}), {...whole, allOf: undefined});
}

// "integer", "text or null", "array of users", "users or array of users"
export function typeText(api, schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf || schema.anyOf) return (schema.oneOf || schema.anyOf).map((each) => typeText(api, each)).join(" or ");
  if (schema.allOf) return schema.allOf.map((each) => typeText(api, each)).join(" and ");
  const types = [schema.type || []].flat();
  if (types.includes("array") && schema.items) return `array of ${typeText(api, schema.items)}`;
  const named = types.filter((type) => type !== "null").join(" or ") || "any JSON";
  return named + (types.includes("null") ? " or null" : "");
}

// What bounds a value: ["above 0", "2 to 40 characters", "default open"…]
export function bounds(schema) {
  const said = [];
  const {minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength} = schema;
  if (minimum !== undefined && maximum !== undefined) said.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) said.push(`from ${minimum}`);
  else if (maximum !== undefined) said.push(`to ${maximum}`);
  if (exclusiveMinimum !== undefined) said.push(`above ${exclusiveMinimum}`);
  if (exclusiveMaximum !== undefined) said.push(`below ${exclusiveMaximum}`);
  if (schema["x-maximum"] !== undefined) said.push(`at most ${schema["x-maximum"]}`);
  if (minLength !== undefined && maxLength !== undefined) said.push(`${minLength} to ${maxLength} characters`);
  else if (minLength !== undefined) said.push(`at least ${minLength} characters`);
  else if (maxLength !== undefined) said.push(`at most ${maxLength} characters`);
  if (schema.enum) said.push(`one of ${schema.enum.filter((each) => each !== null).join(", ")}`);
  if (schema.pattern) said.push(`like /${schema.pattern}/`);
  if (schema.default !== undefined) said.push(`default ${JSON.stringify(schema.default)}`);
  if (schema["x-default"] !== undefined) said.push(`default ${schema["x-default"]}`);
  return said;
}

function memberRow(api, name, schema, required) {
  const marks = [schema["x-key"] && "key", required && "required", schema.readOnly && "read only"].filter(Boolean);
  const type = typeText(api, schema) + (schema.format ? ` · ${schema.format}` : "");
  return h("tr", {},
    h("th", {scope: "row"}, h("code", {}, name), marks.map((mark) => h("span", {class: "mark"}, mark))),
    h("td", {}, h("span", {title: schema["x-sql-type"] || null}, type)),
    h("td", {}, words(schema.description), schema.description ? " " : null,
      bounds(schema).map((text) => h("span", {class: "bound"}, text))));
}

// A table of an object's members; what is no object in a line.
export function schemaTable(api, schema, caption) {
  const whole = merged(api, schema);
  const required = new Set(whole.required || []);
  const members = Object.entries(whole.properties || {});
  if (!members.length) return h("p", {class: "type"}, typeText(api, schema), bounds(whole).map((text) => h("span", {class: "bound"}, text)));
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption}, h("table", {},
    h("caption", {class: "hidden"}, caption),
    h("thead", {}, h("tr", {}, ["Name", "Type", ""].map((text) => h("th", {scope: "col"}, text)))),
    h("tbody", {}, members.map(([name, member]) => memberRow(api, name, member, required.has(name))))));
}

// The object that a list's rows are, whatever stands around them; null: none.
export function rowsOf(api, schema) {
  const whole = api.deref(schema) || {};
  if (whole.type === "array") return whole.items;
  const list = Object.values(whole.properties || {}).find((each) => each.type === "array" && each.items?.$ref);
  return list ? list.items : schema;
}

function sampleValue(api, schema) {
  const whole = merged(api, schema);
  if (whole.default !== undefined) return whole.default;
  if (whole.enum) return whole.enum[0];
  const [type] = [whole.type || "object"].flat();
  const byFormat = {uuid: "00000000-0000-4000-8000-000000000000", date: "2026-01-31", "date-time": "2026-01-31T09:05:07Z",
    "date-time-local": "2026-01-31T09:05:07", "time-local": "09:05:07"};
  if (type === "string") return byFormat[whole.format] ?? "x".repeat(Math.min(whole.minLength ?? 0, 40));
  if (type === "integer" || type === "number") return whole.minimum ?? (whole.exclusiveMinimum !== undefined ? whole.exclusiveMinimum + 1 : 0);
  if (type === "boolean") return false;
  return type === "array" ? [] : {};
}

// A body to start from: what is required, or else the first member that may be written.
export function sample(api, schema) {
  const whole = merged(api, schema.oneOf || schema.anyOf ? (schema.oneOf || schema.anyOf)[0] : schema);
  const writable = Object.entries(whole.properties || {}).filter(([, member]) => !member.readOnly);
  const needed = writable.filter(([name]) => (whole.required || []).includes(name));
  const free = writable.filter(([, member]) => !member["x-key"]);
  const shown = needed.length ? needed : (free.length ? free : writable).slice(0, 1);
  return JSON.stringify(Object.fromEntries(shown.map(([name, member]) => [name, sampleValue(api, member)])), null, 2);
}
