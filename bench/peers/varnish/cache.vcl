# SPDX-License-Identifier: Apache-2.0
# Varnish keeping what $ORIGIN answers; bench/run fills in $ORIGIN.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "$ORIGIN";
}

sub vcl_backend_response {
    unset beresp.http.Vary;
    unset beresp.http.Set-Cookie;
    set beresp.uncacheable = false;
    set beresp.ttl = 1h;
    return (deliver);
}
