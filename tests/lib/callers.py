# SPDX-License-Identifier: Apache-2.0
"""Callers for tests: the head of a request by one of a role, a tenant and a user, as a foreign token (HS256) says it."""
import base64
import hashlib
import hmac
import json
import time

SECRET = "a secret that only these tests know, 32 bytes at least"
KEYS = f"keys: [{{alg: HS256, secret: '{SECRET}', claims: {{user: sub, tenant: tenant, role: role}}}}]"


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(role, tenant=None, user="somebody", seconds=3600):
    claims = {"role": role, "exp": int(time.time()) + seconds} | ({"tenant": tenant} if tenant is not None else {})
    claims["sub"] = str(user)
    text = _b64(b'{"alg":"HS256","typ":"JWT"}') + b"." + _b64(json.dumps(claims).encode())
    return (text + b"." + _b64(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())).decode()


def bearer(role, tenant=None, user="somebody"):
    """Headers of a request; role None: nobody."""
    return {} if role is None else {"Authorization": "Bearer " + token(role, tenant, user)}
