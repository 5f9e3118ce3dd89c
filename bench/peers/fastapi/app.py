# SPDX-License-Identifier: Apache-2.0
"""The same endpoints as an application in FastAPI has them: async SQLAlchemy and asyncpg on uvicorn with uvloop.

Given what helps it: a pool of 20 + 10, columns instead of ORM objects where nothing is embedded, no response model (which
would check every row again, at half the speed). Flags are loaded eagerly: one more statement for all transactions, not one
for each. DATABASE_URL names the database (postgresql+asyncpg://…).
"""

import os

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import BigInteger, Column, DateTime, Float, ForeignKey, MetaData, Numeric, Table, Text, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import registry, relationship, selectinload, sessionmaker

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=20, max_overflow=10)
make_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI()

metadata = MetaData()
transactions = Table(
    "transactions",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("amount", Numeric(12, 2), nullable=False),
    Column("status", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("fraud_score", Float),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("metadata", JSONB, nullable=False),
)
fraud_flags = Table(
    "fraud_flags",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("transaction_id", ForeignKey("transactions.id"), nullable=False),
    Column("severity", Text, nullable=False),
    Column("reason", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
)


class Transaction:
    pass


class FraudFlag:
    pass


mapped = registry(metadata=metadata)
mapped.map_imperatively(FraudFlag, fraud_flags)
mapped.map_imperatively(
    Transaction,
    transactions,
    properties={"details": transactions.c.metadata, "fraud_flags": relationship(FraudFlag)},
)
newest_first = transactions.c.created_at.desc(), transactions.c.id.desc()


async def session():
    async with make_session() as one:
        yield one


@app.get("/health/ready")
async def ready():
    return {"status": "ok"}


@app.get("/api/transactions/{transaction_id}")
async def get_transaction(transaction_id: int, db: AsyncSession = Depends(session)):
    row = (await db.execute(select(transactions).where(transactions.c.id == transaction_id))).mappings().first()
    if row is None:
        raise HTTPException(404)
    return dict(row)


@app.get("/api/transactions_with_flags")
async def list_transactions_with_flags(user_id: int, limit: int = 100, db: AsyncSession = Depends(session)):
    query = select(Transaction).options(selectinload(Transaction.fraud_flags))
    query = query.where(transactions.c.user_id == user_id).order_by(*newest_first).limit(limit)
    found = (await db.execute(query)).scalars()
    return {"transactions": [with_flags(one) for one in found]}


def with_flags(one):
    row = {name: getattr(one, "details" if name == "metadata" else name) for name in transactions.columns.keys()}
    row["fraud_flags"] = [{name: getattr(flag, name) for name in fraud_flags.columns.keys()} for flag in one.fraud_flags]
    return row


@app.get("/api/transactions")
async def list_transactions(user_id: int, limit: int = 100, db: AsyncSession = Depends(session)):
    query = select(transactions).where(transactions.c.user_id == user_id).order_by(*newest_first).limit(limit)
    return {"transactions": [dict(row) for row in (await db.execute(query)).mappings()]}
