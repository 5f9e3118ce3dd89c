/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of logins, and how a credential is sent. The account is called as its column. */
#include "openapi/doc.h"
#include "openapi/fixed.h"

static const struct config_auth *auth_of(const struct doc *doc)
{
    return &doc->model->config->auth;
}

static void text_member(struct doc *doc, struct slice name, const char *format)
{
    doc_open_name(doc, name, '{');
    doc_text(doc, "type", SLICE("string"));
    if (format)
        doc_text(doc, "format", slice_str(format));
    doc_close(doc, '}');
}

static void login_body(struct doc *doc)
{
    struct slice account = auth_of(doc)->login.account.text;
    doc_open(doc, "requestBody", '{');
    doc_true(doc, "required");
    doc_open(doc, "content", '{');
    doc_open(doc, "application/json", '{');
    doc_open(doc, "schema", '{');
    doc_text(doc, "type", SLICE("object"));
    doc_open(doc, "properties", '{');
    text_member(doc, account, NULL);
    text_member(doc, SLICE("password"), "password");
    doc_close(doc, '}');
    doc_open(doc, "required", '[');
    doc_text(doc, NULL, account);
    doc_text(doc, NULL, SLICE("password"));
    doc_close(doc, ']');
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
    doc_close(doc, '}');
}

static void begin(struct doc *doc, const struct doc_prefix *prefix, const char *path, const char *verb)
{
    struct slice whole = arena_format(&doc->arena, SLICE_FMT "%s", SLICE_ARG(prefix->serve->prefix), path);
    doc_open_name(doc, whole, '{');
    operation_begin(doc, prefix, "post", verb, SLICE("auth"), SLICE("auth"));
}

static void end(struct doc *doc)
{
    doc_close(doc, '}');
    doc_close(doc, '}');
}

void login_paths(struct doc *doc, const struct doc_prefix *prefix)
{
    PRE(config_auth_is_on(auth_of(doc)));
    if (prefix->serve->manner != MANNER_PLAIN)
        return;
    if (auth_of(doc)->login.table.text.data) {
        begin(doc, prefix, "/auth/login", "login");
        login_body(doc);
        doc_members(doc, openapi_login);
        end(doc);
    }
    begin(doc, prefix, "/auth/logout", "logout");
    doc_members(doc, openapi_logout);
    end(doc);
}

void login_security(struct doc *doc)
{
    doc_raw(
        doc, "securitySchemes",
        SLICE(
            "{\"credential\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"A token, a session or "
            "an API key.\"}}"));
}
