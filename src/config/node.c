/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events → a tree of nodes. libyaml checks the syntax; here the plain part of YAML is kept and bounded.
 *
 *   stack:  root map ─ map ─ list …      each level: the open node, the key that waits for its value, the keys seen
 *
 * Failure: one complaint (syntax ends the reading; there is nothing sensible behind it) and ERR_INVALID, or ERR_LIMIT.
 * A doubled key and a variable that is not set are complained of and reading goes on, so that one run shows all mistakes. */
#include "config/node.h"

#include <yaml.h>

#include "base/map.h"

struct level {
    struct node *node;
    struct map seen; /* keys of a mapping → where each stood */
    struct slice key;
    struct place key_at;
    bool has_key;
};

struct builder {
    struct arena *arena;
    struct complaints *complaints;
    struct node_source source;
    struct node *root;
    struct level levels[NODE_DEPTH_MAX];
    unsigned depth, nodes;
    bool invalid; /* a complaint was made, reading goes on */
};

static struct place place_of(const struct builder *b, yaml_mark_t mark)
{
    struct place at = b->source.start;
    if (at.line == 0)
        return at;
    if (mark.line == 0)
        at.column += (unsigned)mark.column;
    else
        at.column = (unsigned)mark.column + 1;
    at.line += (unsigned)mark.line;
    return at;
}

bool node_is_nothing(const struct node *node)
{
    return node->kind == NODE_TEXT && node->text.len == 0 && !node->quoted;
}

struct node *node_child(const struct node *map, struct slice key)
{
    PRE(map->kind == NODE_MAP);
    for (struct node *child = map->first; child; child = child->next)
        if (slice_eq(child->key, key))
            return child;
    return NULL;
}

static void append(struct node *parent, struct node *child)
{
    PRE(parent->kind != NODE_TEXT && child->next == NULL);
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

void node_put(struct node *map, struct node *child)
{
    PRE(child->key.data);
    struct node *old = node_child(map, child->key);
    if (!old) {
        append(map, child);
        return;
    }
    struct node *next = old->next;
    *old = *child;
    old->next = next;
}

static enum error refuse(struct builder *b, yaml_mark_t mark, const char *sentence)
{
    complain(b->complaints, place_of(b, mark), "%s", sentence);
    return ERR_INVALID;
}

/* A mapping's text that is not yet a value is a key. */
static enum error take_key(struct builder *b, struct level *level, const yaml_event_t *event)
{
    struct slice key = {(const char *)event->data.scalar.value, event->data.scalar.length};
    struct place at = place_of(b, event->start_mark);
    if (key.len == 0 || key.len > KEY_BYTES_MAX || memchr(key.data, 0, key.len))
        return refuse(b, event->start_mark, "a key is a word of 1 to 200 bytes");
    level->key = arena_copy(b->arena, key);
    level->key_at = at;
    level->has_key = true;
    const struct place *before = map_get(&level->seen, level->key);
    if (before) {
        complain(b->complaints, at,
                 "`" SLICE_FMT "` stands here for the second time; the first is in line %u", SLICE_ARG(key),
                 before->line);
        b->invalid = true;
        return OK;
    }
    struct place *here = ARENA_NEW(b->arena, struct place);
    *here = at;
    map_put(&level->seen, level->key, here);
    return OK;
}

/* A new node in its place: the root, an element of the open list, or the value of the waiting key. */
static enum error place_node(struct builder *b, enum node_kind kind, yaml_mark_t mark, struct node **ret_node)
{
    if (++b->nodes > NODES_MAX) {
        (void)refuse(b, mark, "the file has more than 100,000 values");
        return ERR_LIMIT;
    }
    struct node *node = ARENA_NEW(b->arena, struct node);
    node->kind = kind;
    node->at = place_of(b, mark);
    struct level *level = b->depth ? &b->levels[b->depth - 1] : NULL;
    if (level && level->node->kind == NODE_MAP) {
        if (!level->has_key)
            return refuse(b, mark, "a key is a word, not a list or a mapping");
        node->key = level->key;
        node->key_at = level->key_at;
        level->has_key = false;
    }
    if (level)
        append(level->node, node);
    else
        b->root = node;
    *ret_node = node;
    return OK;
}

static enum error take_text(struct builder *b, const yaml_event_t *event)
{
    struct level *level = b->depth ? &b->levels[b->depth - 1] : NULL;
    if (level && level->node->kind == NODE_MAP && !level->has_key)
        return take_key(b, level, event);
    struct node *node;
    enum error error = place_node(b, NODE_TEXT, event->start_mark, &node);
    if (error)
        return error;
    struct slice text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (memchr(text.data, 0, text.len))
        return refuse(b, event->start_mark, "a value holds a zero byte");
    node->text = SLICE("");
    if (expand_text(b->arena, text, node->at, b->complaints, &node->text))
        b->invalid = true;
    return OK;
}

static enum error open_node(struct builder *b, enum node_kind kind, const yaml_event_t *event)
{
    if (b->depth == NODE_DEPTH_MAX) {
        (void)refuse(b, event->start_mark, "lists and mappings are nested more than 32 deep");
        return ERR_LIMIT;
    }
    struct node *node;
    enum error error = place_node(b, kind, event->start_mark, &node);
    if (!error)
        b->levels[b->depth++] = (struct level){.node = node};
    return error;
}

static void close_node(struct builder *b)
{
    PRE(b->depth > 0);
    map_done(&b->levels[--b->depth].seen);
}

/* Anchors and tags; NULL: there is none. */
static const char *unwanted(const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor || event->type == YAML_ALIAS_EVENT)
        return "anchors and aliases (`&name`, `*name`) are not understood: write the value out";
    return tag ? "tags (`!name`) are not understood: take it out" : NULL;
}

static enum error take_event(struct builder *b, const yaml_event_t *event)
{
    const char *sentence = unwanted(event);
    if (sentence)
        return refuse(b, event->start_mark, sentence);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_text(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, NODE_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, NODE_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(b);
        return OK;
    case YAML_DOCUMENT_START_EVENT:
        return b->root ? refuse(b, event->start_mark, "a second document (`---`) begins here: one is enough")
                       : OK;
    default:
        return OK;
    }
}

/* libyaml gives a reader's error (a bad byte) by offset alone. */
static yaml_mark_t error_mark(const struct builder *b, const yaml_parser_t *parser)
{
    if (parser->error != YAML_READER_ERROR)
        return parser->problem_mark;
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < parser->problem_offset && i < b->source.bytes.len; i++) {
        bool newline = b->source.bytes.data[i] == '\n';
        mark.line += newline;
        mark.column = newline ? 0 : mark.column + 1;
    }
    return mark;
}

static bool stands_at_tab(const struct builder *b, yaml_mark_t mark)
{
    struct slice rest = b->source.bytes;
    for (size_t line = 0; line < mark.line && rest.data; line++)
        (void)slice_cut(&rest, '\n');
    return rest.data && mark.column < rest.len && rest.data[mark.column] == '\t';
}

/* The mistakes that libyaml's words do not help with. */
static const char *plainer_words(const yaml_parser_t *parser)
{
    if (parser->context && strcmp(parser->context, "while scanning an alias") == 0)
        return "a text that begins with `*` needs quotes, such as '*,-password_hash'";
    if (parser->problem && strcmp(parser->problem, "mapping values are not allowed in this context") == 0)
        return "a key where none can be: is this line indented like its neighbours? A text that holds `: ` needs quotes";
    if (parser->context && strcmp(parser->context, "while parsing a block mapping") == 0)
        return "neither a key of the mapping above nor its end: is this line indented like its neighbours?";
    return NULL;
}

static enum error syntax_error(struct builder *b, const yaml_parser_t *parser)
{
    yaml_mark_t mark = error_mark(b, parser);
    if (stands_at_tab(b, mark))
        return refuse(b, mark, "a tab stands here: YAML indents by spaces");
    if (plainer_words(parser))
        return refuse(b, mark, plainer_words(parser));
    complain(b->complaints, place_of(b, mark), "this is not YAML: %s%s%s",
             parser->context ? parser->context : "", parser->context ? ", " : "",
             parser->problem ? parser->problem : "it cannot be read");
    return ERR_INVALID;
}

static enum error read_events(struct builder *b, yaml_parser_t *parser)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return syntax_error(b, parser);
        enum error error = take_event(b, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (error)
            return error;
    }
    return b->invalid ? ERR_INVALID : OK;
}

enum error node_parse(struct arena *arena, struct node_source source, struct complaints *complaints,
                      struct node **ret_root)
{
    if (source.bytes.len > NODE_BYTES_MAX) {
        complain(complaints, source.start, "the file is larger than 1 MiB");
        return ERR_LIMIT;
    }
    struct builder b = {.arena = arena, .complaints = complaints, .source = source};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        complain(complaints, source.start, "there is no memory to read this");
        return ERR_MEMORY;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(source.bytes.data ? source.bytes.data : ""),
                                 source.bytes.len);
    enum error error = read_events(&b, &parser);
    yaml_parser_delete(&parser);
    while (b.depth)
        close_node(&b);
    POST(b.depth == 0);
    if (error)
        return error;
    if (!b.root || node_is_nothing(b.root)) {
        b.root = ARENA_NEW(arena, struct node);
        b.root->kind = NODE_MAP;
        b.root->at = source.start;
    }
    *ret_root = b.root;
    return OK;
}
