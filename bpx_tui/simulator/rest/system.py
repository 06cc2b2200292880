"""Status, ping, time, wallets."""

from __future__ import annotations

from bpx_tui.simulator.rest.answers import Reply, json_reply, text_reply
from bpx_tui.simulator.rest.routing import Call, Route, public


def status(call: Call) -> Reply:
    exchange = call.exchange
    if exchange.faults.hit("maint", exchange.now_us):
        return json_reply({"status": "Maintenance", "message": "System under maintenance"})
    return json_reply({"status": "Ok", "message": None})


def ping(_call: Call) -> Reply:
    return text_reply("pong")


def time(call: Call) -> Reply:
    return text_reply(str(call.exchange.now_us // 1000))


ROUTES: tuple[Route, ...] = (
    public("get_status", "/api/v1/status", status),
    public("ping", "/api/v1/ping", ping),
    public("get_time", "/api/v1/time", time),
)
