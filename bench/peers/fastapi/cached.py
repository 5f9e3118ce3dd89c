# SPDX-License-Identifier: Apache-2.0
"""app.py's endpoints with Redis cache-aside, as an application does it: looks there first, else asks and puts it there for an hour.

Given what helps it: what is kept is the answer's ready JSON, sent as it is. REDIS_URL names the server.
"""

import json
import os

from app import app as application
from app import get_transaction, list_transactions, session
from fastapi import Depends, FastAPI, Response
from fastapi.encoders import jsonable_encoder
from redis import asyncio as redis
from sqlalchemy.ext.asyncio import AsyncSession

TTL_SECONDS = 3600
cache = redis.Redis.from_url(os.environ["REDIS_URL"], max_connections=200)
app = FastAPI()
app.mount("/uncached", application)


@app.get("/health/ready")
async def ready():
    return {"status": "ok"}


async def kept(key, make):
    body = await cache.get(key)
    if body is None:
        body = json.dumps(jsonable_encoder(await make()), separators=(",", ":")).encode()
        await cache.setex(key, TTL_SECONDS, body)
    return Response(body, media_type="application/json")


@app.get("/api/transactions/{transaction_id}")
async def one(transaction_id: int, db: AsyncSession = Depends(session)):
    return await kept(f"transaction:{transaction_id}", lambda: get_transaction(transaction_id, db))


@app.get("/api/transactions")
async def several(user_id: int, limit: int = 100, db: AsyncSession = Depends(session)):
    return await kept(f"transactions:{user_id}:{limit}", lambda: list_transactions(user_id, limit, db))
