# SPDX-License-Identifier: Apache-2.0
"""Load testing with Locust: users who log in, look at incidents and events, and now and then make an incident."""
from locust import HttpUser, task, between


class MiniXDRUser(HttpUser):
    wait_time = between(1, 3)

    def on_start(self):
        # Login
        response = self.client.post("/api/auth/login", json={
            "email": "test@example.com",
            "password": "password123"
        })
        self.token = response.json()["access_token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    @task(3)
    def view_incidents(self):
        self.client.get("/api/incidents", headers=self.headers)

    @task(2)
    def view_events(self):
        self.client.get("/api/events?page=1&page_size=50", headers=self.headers)

    @task(1)
    def create_incident(self):
        self.client.post("/api/incidents", json={
            "src_ip": "192.168.1.100",
            "reason": "Brute force detected",
            "severity": "high"
        }, headers=self.headers)
