/* SPDX-License-Identifier: Apache-2.0 */
/* The shim over simdjson (object.h says what it gives). On-Demand checks a value only when it is asked for it: so every
 * value is asked for, nested ones by walking through them. Numbers are not converted but checked as text, because a number's text is
 * what is stored. Compiled without exceptions; simdjson then answers with error codes, and allocates with nothrow. */
#include <simdjson.h>

#include <new>
#include <utility>

extern "C" {
#include "base/json.h"
#include "decode/object.h"
}

namespace od = simdjson::ondemand;
using simdjson::error_code;

static_assert(OBJECT_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson looks further");

static const size_t CAPACITY_MIN = 4096;

struct object_reader {
    od::parser parser;
};

extern "C" struct object_reader *object_reader_new(void)
{
    return new (std::nothrow) object_reader;
}

extern "C" void object_reader_free(struct object_reader *reader)
{
    delete reader;
}

static struct slice slice_from(std::string_view text)
{
    return slice_of(text.data(), text.size());
}

/* A token's text goes on until the next token: without the white space between. */
static struct slice token_text(od::value &value)
{
    return json_trim(slice_from(value.raw_json_token()));
}

static error_code check_number(od::value &value)
{
    return json_is_number(token_text(value)) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
}

static error_code check_null(od::value &value)
{
    bool is_null = false;
    error_code error = value.is_null().get(is_null);
    return error != simdjson::SUCCESS || is_null ? error : simdjson::N_ATOM_ERROR;
}

static error_code check(od::value &value, unsigned depth);

static error_code check_members(od::object &object, unsigned depth)
{
    for (simdjson::simdjson_result<od::field> member : object) {
        od::field field;
        std::string_view ignored;
        error_code error = std::move(member).get(field);
        if (error == simdjson::SUCCESS)
            error = field.unescaped_key().get(ignored);
        if (error == simdjson::SUCCESS)
            error = check(field.value(), depth);
        if (error != simdjson::SUCCESS)
            return error;
    }
    return simdjson::SUCCESS;
}

static error_code check_elements(od::array &array, unsigned depth)
{
    for (simdjson::simdjson_result<od::value> element : array) {
        od::value value;
        error_code error = std::move(element).get(value);
        if (error == simdjson::SUCCESS)
            error = check(value, depth);
        if (error != simdjson::SUCCESS)
            return error;
    }
    return simdjson::SUCCESS;
}

static error_code check_container(od::value &value, bool is_object, unsigned depth)
{
    if (depth == OBJECT_DEPTH_MAX)
        return simdjson::DEPTH_ERROR;
    od::object object;
    od::array array;
    error_code error = is_object ? value.get_object().get(object) : value.get_array().get(array);
    if (error != simdjson::SUCCESS)
        return error;
    return is_object ? check_members(object, depth + 1) : check_elements(array, depth + 1);
}

/* A nested value, whose text goes on as it is. */
static error_code check(od::value &value, unsigned depth)
{
    od::json_type type;
    std::string_view text;
    bool truth;
    error_code error = value.type().get(type);
    if (error != simdjson::SUCCESS)
        return error;
    switch (type) {
    case od::json_type::string:
        return value.get_string().get(text);
    case od::json_type::number:
        return check_number(value);
    case od::json_type::boolean:
        return value.get_bool().get(truth);
    case od::json_type::null:
        return check_null(value);
    case od::json_type::object:
    case od::json_type::array:
        return check_container(value, type == od::json_type::object, depth);
    }
    return simdjson::TAPE_ERROR;
}

/* The text of an object or array that was walked through: from its bracket to the one before where the parser is now. */
static error_code container_text(od::value &value, bool is_object, struct slice *ret_text)
{
    const char *begin = value.raw_json_token().data(), *end = NULL;
    error_code error = check_container(value, is_object, 1);
    if (error == simdjson::SUCCESS)
        error = value.current_location().get(end);
    if (error == simdjson::SUCCESS)
        *ret_text = json_trim(slice_of(begin, (size_t)(end - begin)));
    return error;
}

static error_code read_string(od::value &value, struct field *field)
{
    std::string_view text;
    error_code error = value.get_string().get(text);
    field->token = TOKEN_STRING;
    field->text = slice_from(text);
    return error;
}

static error_code read_boolean(od::value &value, struct field *field)
{
    bool truth = false;
    error_code error = value.get_bool().get(truth);
    field->token = truth ? TOKEN_TRUE : TOKEN_FALSE;
    return error;
}

static error_code read_value(od::value &value, struct field *field)
{
    od::json_type type;
    error_code error = value.type().get(type);
    if (error != simdjson::SUCCESS)
        return error;
    switch (type) {
    case od::json_type::string:
        return read_string(value, field);
    case od::json_type::number:
        field->token = TOKEN_NUMBER;
        field->text = token_text(value);
        return check_number(value);
    case od::json_type::boolean:
        return read_boolean(value, field);
    case od::json_type::null:
        field->token = TOKEN_NULL;
        return check_null(value);
    case od::json_type::object:
        field->token = TOKEN_OBJECT;
        return container_text(value, true, &field->text);
    case od::json_type::array:
        field->token = TOKEN_ARRAY;
        return container_text(value, false, &field->text);
    }
    return simdjson::TAPE_ERROR;
}

static error_code read_member(simdjson::simdjson_result<od::field> member, struct field *field)
{
    od::field found;
    std::string_view name;
    error_code error = std::move(member).get(found);
    if (error == simdjson::SUCCESS)
        error = found.unescaped_key().get(name);
    if (error != simdjson::SUCCESS)
        return error;
    *field = {slice_from(name), TOKEN_NULL, {NULL, 0}};
    return read_value(found.value(), field);
}

/* What went wrong: simdjson's word for it, or ours. */
struct outcome {
    error_code json;
    enum error error;
};

static struct outcome read_members(od::document &document, unsigned fields_max, struct fields *fields)
{
    od::object object;
    error_code error = document.get_object().get(object);
    if (error != simdjson::SUCCESS)
        return {error, OK};
    for (simdjson::simdjson_result<od::field> member : object) {
        struct field field;
        error = read_member(member, &field);
        if (error != simdjson::SUCCESS)
            return {error, OK};
        enum error added = fields_add(fields, fields_max, &field);
        if (added != OK)
            return {simdjson::SUCCESS, added};
    }
    bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return {at_end ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT, OK};
}

/* In powers of two, so that growing records do not allocate again and again. */
static error_code make_room(od::parser &parser, size_t bytes)
{
    size_t capacity = CAPACITY_MIN;
    while (capacity < bytes)
        capacity *= 2;
    if (parser.capacity() >= bytes)
        return simdjson::SUCCESS;
    return parser.allocate(capacity, OBJECT_DEPTH_MAX + 1);
}

static const char *sentence_of(error_code error)
{
    switch (error) {
    case simdjson::UTF8_ERROR:
        return "These bytes are not UTF-8.";
    case simdjson::UNESCAPED_CHARS:
        return "A control character in a string must be escaped.";
    case simdjson::UNCLOSED_STRING:
        return "A string has no end.";
    case simdjson::STRING_ERROR:
        return "This string has an escape that is none.";
    case simdjson::NUMBER_ERROR:
        return "This is no JSON number.";
    case simdjson::DEPTH_ERROR:
        return "This is nested too deeply.";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
        return "This is no JSON value.";
    case simdjson::TRAILING_CONTENT:
        return "Something follows the end of the object.";
    default:
        return "This is not well-formed JSON.";
    }
}

/* Where the parser stopped. The whole of a text is checked for UTF-8 before any of it is parsed. */
static const char *place_of(od::document &document, error_code error, struct slice text)
{
    const char *at = NULL;
    if (error == simdjson::UTF8_ERROR)
        return text.data + slice_utf8_span(text);
    if (document.current_location().get(at) != simdjson::SUCCESS || at < text.data ||
        at > text.data + text.len)
        return NULL;
    return at;
}

extern "C" enum error object_read(struct object_reader *reader, struct slice text, unsigned fields_max,
                                  struct fields *fields, struct object_fault *ret_fault)
{
    od::document document;
    struct outcome outcome = {make_room(reader->parser, text.len), OK};
    if (outcome.json == simdjson::SUCCESS)
        outcome.json = reader->parser.iterate(text.data, text.len, text.len + OBJECT_PADDING).get(document);
    bool begun = outcome.json == simdjson::SUCCESS;
    if (begun)
        outcome = read_members(document, fields_max, fields);
    if (outcome.json == simdjson::MEMALLOC)
        return ERR_MEMORY;
    if (outcome.json == simdjson::SUCCESS)
        return outcome.error;
    bool known = begun || outcome.json == simdjson::UTF8_ERROR;
    ret_fault->why = sentence_of(outcome.json);
    ret_fault->at = known ? place_of(document, outcome.json, text) : NULL;
    return ERR_INVALID;
}
