/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL between two memory buffers. See tls.h. OpenSSL's queue of errors is the thread's: it is emptied before each call whose
 * errors are looked at. */
#include "redis/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/mem.h"

struct redis_tls_context {
    SSL_CTX *ctx;
};

struct redis_tls {
    SSL *ssl;
    BIO *in, *out; /* the ssl's */
    char why[256];
};

static void last_words(const char *what, char ret_why[256])
{
    char words[160] = "it closed the connection";
    unsigned long code = ERR_peek_last_error();
    if (code != 0)
        ERR_error_string_n(code, words, sizeof words);
    ERR_clear_error();
    snprintf(ret_why, 256, "%s: %s", what, words);
}

/* ---- contexts ---- */

static bool load_files(SSL_CTX *ctx, const struct redis_url *url, char ret_why[256])
{
    const char *failed = NULL;
    if (url->cacert.data == NULL ? SSL_CTX_set_default_verify_paths(ctx) != 1
                                 : SSL_CTX_load_verify_locations(ctx, url->cacert.data, NULL) != 1)
        failed = "the file of `cacert=` cannot be read";
    else if (url->cert.data != NULL && SSL_CTX_use_certificate_chain_file(ctx, url->cert.data) != 1)
        failed = "the file of `cert=` cannot be read";
    else if (url->key.data != NULL && SSL_CTX_use_PrivateKey_file(ctx, url->key.data, SSL_FILETYPE_PEM) != 1)
        failed = "the file of `key=` cannot be read, or is another certificate's";
    if (failed)
        last_words(failed, ret_why);
    return failed == NULL;
}

struct redis_tls_context *redis_tls_context_new(const struct redis_url *url, char ret_why[256])
{
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || !load_files(ctx, url, ret_why)) {
        if (ctx == NULL)
            last_words("OpenSSL", ret_why);
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    struct redis_tls_context *context = mem_must(sizeof *context);
    context->ctx = ctx;
    return context;
}

void redis_tls_context_free(struct redis_tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ctx);
    mem_free(context);
}

/* ---- connections ---- */

static bool expect_name(SSL *ssl, const char *name)
{
    struct in6_addr ignored;
    if (inet_pton(AF_INET, name, &ignored) == 1 || inet_pton(AF_INET6, name, &ignored) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

struct redis_tls *redis_tls_open(struct redis_tls_context *context, const char *name)
{
    SSL *ssl = SSL_new(context->ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (ssl == NULL || in == NULL || out == NULL || !expect_name(ssl, name)) {
        SSL_free(ssl);
        BIO_free(in);
        BIO_free(out);
        return NULL;
    }
    BIO_set_mem_eof_return(in, -1); /* empty: more will come */
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    struct redis_tls *tls = mem_must(sizeof *tls);
    *tls = (struct redis_tls){.ssl = ssl, .in = in, .out = out};
    return tls;
}

void redis_tls_close(struct redis_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    mem_free(tls);
}

static enum io outcome(struct redis_tls *tls, int returned, const char *what)
{
    long verified = SSL_get_verify_result(tls->ssl);
    switch (SSL_get_error(tls->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return IO_CLOSED;
    default:
        last_words(what, tls->why);
        if (verified != X509_V_OK)
            snprintf(tls->why, sizeof tls->why, "its certificate is not trusted: %s",
                     X509_verify_cert_error_string(verified));
        return IO_ERROR;
    }
}

enum io redis_tls_shake(struct redis_tls *tls)
{
    ERR_clear_error();
    int done = SSL_do_handshake(tls->ssl);
    return done == 1 ? IO_OK : outcome(tls, done, "TLS");
}

enum io redis_tls_read(struct redis_tls *tls, char *to, size_t room, size_t *ret_bytes)
{
    ERR_clear_error();
    int done = SSL_read_ex(tls->ssl, to, room, ret_bytes);
    return done == 1 ? IO_OK : outcome(tls, done, "TLS");
}

enum io redis_tls_write(struct redis_tls *tls, struct slice bytes)
{
    PRE(bytes.len > 0);
    size_t taken = 0;
    ERR_clear_error();
    int done = SSL_write_ex(tls->ssl, bytes.data, bytes.len, &taken); /* whole: memory is never full */
    IMPLIES(done == 1, taken == bytes.len);
    return done == 1 ? IO_OK : outcome(tls, done, "TLS");
}

bool redis_tls_feed(struct redis_tls *tls, struct slice wire)
{
    PRE(wire.len > 0);
    return BIO_write(tls->in, wire.data, (int)wire.len) == (int)wire.len;
}

void redis_tls_drain(struct redis_tls *tls, struct buf *wire)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(tls->out, &bytes);
    if (len <= 0)
        return;
    buf_append(wire, bytes, (size_t)len);
    (void)BIO_reset(tls->out);
}

void redis_tls_why(const struct redis_tls *tls, char ret_why[256])
{
    snprintf(ret_why, 256, "%s", tls->why);
}
