/* SPDX-License-Identifier: Apache-2.0 */
/* A set of keys and a token of each algorithm, made by PyJWT: of user "7", tenant "acme", role "viewer", from 1000000000 to 2000000000,
 * issued by https://id.example for leat. TOKEN_CONFUSED is signed by HMAC with the RSA key's public PEM. */
#ifndef LEAT_TESTS_AUTH_TOKENS_H
#define LEAT_TESTS_AUTH_TOKENS_H

#define TOKENS_SECRET "a secret that is as long as it must be"
#define TOKENS_JWKS \
    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"use\":\"sig\",\"alg\":\"RS256\",\"n\":\"2NQlIL-bijg3DggVjlYUePERhuCiaiR" \
    "81k53Iew9It8mjooLKCdesvivUxFXuSTyI58OjhtAAlPxqjiQO4r78iG7PoaDHxAUoT_I4_04IPpQeFPswiPlN6jS167Mxw" \
    "1j85CEjWJgREtxx_PNusLQT_SoJvEWX8WnBgq2A1lJIitOdocNljq5bEur9fjEYE1uKcYZVPYB47isKGmB4FpqX2djtyMXF" \
    "6XfzJwXYy8cB2-ckOi5lZzCdfKSk8tIW2D0eMd3rMrgTIPSPD83Dhen_w7BEqlckOag9wVQ1GzNXWVARUvi7xqBApSvTkWH" \
    "gXrECb7XrZ-HuqDl7AhzABobhQ\",\"e\":\"AQAB\"},{\"kty\":\"EC\",\"kid\":\"e1\",\"crv\":\"P-256\",\"x\":\"ZwSnT4ZDQQuFp" \
    "GGXo8IW3G-wm1O5El8gULazAD8ZM4A\",\"y\":\"VsEMXLrb-t8x6H700twvmJ2XEIzmLqnzYHtEmfZmBE0\"},{\"kty\":\"OKP\"" \
    ",\"kid\":\"d1\",\"crv\":\"Ed25519\",\"x\":\"ZcrWmraRvk8_YA9rGskwLChBLf18adjHOhLTk5Ar05I\"},{\"kty\":\"oct\",\"ki" \
    "d\":\"h1\",\"k\":\"YSBzZWNyZXQgdGhhdCBpcyBhcyBsb25nIGFzIGl0IG11c3QgYmU\"}]}"

#define TOKEN_HS256 \
    "eyJhbGciOiJIUzI1NiIsImtpZCI6ImgxIiwidHlwIjoiSldUIn0.eyJzdWIiOiI3Iiwib3JnIjoiYWNtZSIsInJvbGUiOiJ" \
    "2aWV3ZXIiLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJsZWF0IiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOj" \
    "EwMDAwMDAwMDB9.S91RJULAAo549qQQzNOzCkwuJP8fffWkNZR5E6_0jcs"

#define TOKEN_RS256 \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIiwidHlwIjoiSldUIn0.eyJzdWIiOiI3Iiwib3JnIjoiYWNtZSIsInJvbGUiOiJ" \
    "2aWV3ZXIiLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJsZWF0IiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOj" \
    "EwMDAwMDAwMDB9.XfTioJP_GiJR2ifkPq4nyKUzIG4UALd2offKjmlkF3A2SVpGTeLzxynxANgeh2JuHm89gyVebI80xpGk" \
    "T9EYxa2sF-Q9wdron9QgR5852qSfZ-Hd7feWSkx0xAin0eb_OrJuoYghgd7PWPfZtVPnJdfmeVFOh_pk1V71F4aQMh-DZxr" \
    "Llz1xa99orxZbdnxc0L5fyPrPMkvaGHXItsqA-LmfXMIpvrFKD4y6bIrGgWAqJglauhZhIwoDgfcTwt5oHdBzYCbIZNuvC-" \
    "8vKsiJdguNPtkNVowFfX-3ifZtDCmM8ZeLH3zkw69vi-tA3O91XafPKrP62OEy5DcgFs7syw"

#define TOKEN_ES256 \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn0.eyJzdWIiOiI3Iiwib3JnIjoiYWNtZSIsInJvbGUiOiJ" \
    "2aWV3ZXIiLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJsZWF0IiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOj" \
    "EwMDAwMDAwMDB9.FOzjivAXJWMKsVW8BkWVhw34rlghY-b3Ond9Bmmatr-7TNaNpv_QiWR7hV8v2f7SjhprsUBkq6MuXxLQ" \
    "esY_Tw"

#define TOKEN_EDDSA \
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJzdWIiOiI3Iiwib3JnIjoiYWNtZSIsInJvbGUiOiJ" \
    "2aWV3ZXIiLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJsZWF0IiwiZXhwIjoyMDAwMDAwMDAwLCJuYmYiOj" \
    "EwMDAwMDAwMDB9.i9olaNz_rXTOLqYg290ubtYZsSTGnX6eoqeKGZ6QvNJNj3sy3YSKFUMFUik7dIio4hi5zRwvq-W-uKXT" \
    "sDc5DA"

#define TOKEN_CONFUSED \
    "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCIsICJraWQiOiAicjEifQ.eyJzdWIiOiAiNyIsICJvcmciOiAiYWNtZSIs" \
    "ICJyb2xlIjogInZpZXdlciIsICJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJsZWF0IiwgImV4cCI6IDI" \
    "wMDAwMDAwMDAsICJuYmYiOiAxMDAwMDAwMDAwfQ.pNS4HTcu1wfulbEqBm7YmRS8EDK4BmOngr_TCzIhWvE"

#endif
