"""PyTorch on one thread, measured in turns: a line {"what", "d", "ms"} of JSON in, a line {"micros", "h"} out.

what: "step" of an LSTM cell, "many" (32 series at once, per series), "window": sixteen steps, all of them back, Adam.
"""
import json
import sys
import time

import torch

torch.set_num_threads(1)
inputs, steps, batch = 8, 16, 32


def weights(d):
    """Gates i, f, g, o, as in lstm-weights.ts."""
    n = inputs + d
    return (0.1 * torch.sin(1 + torch.arange(4 * d * n, dtype=torch.float64))).to(torch.float32).reshape(4 * d, n)


def fill(module, d, suffix=""):
    all_of_them = weights(d)
    with torch.no_grad():
        getattr(module, "weight_ih" + suffix).copy_(all_of_them[:, :inputs])
        getattr(module, "weight_hh" + suffix).copy_(all_of_them[:, inputs:])
        getattr(module, "bias_ih" + suffix).zero_()
        getattr(module, "bias_hh" + suffix).zero_()


def work(what, d):
    x = 0.1 + 0.05 * torch.arange(inputs, dtype=torch.float32)
    if what == "window":
        lstm = torch.nn.LSTM(inputs, d)
        fill(lstm, d, "_l0")
        adam = torch.optim.Adam(lstm.parameters(), lr=1e-7)
        window = x.repeat(steps, 1, 1)

        def learn():
            adam.zero_grad()
            lstm(window)[0][-1].sum().backward()
            adam.step()

        return learn, 1, []
    cell = torch.nn.LSTMCell(inputs, d)
    fill(cell, d)
    count = batch if what == "many" else 1
    rows, state = x.repeat(count, 1), (torch.zeros(count, d), torch.zeros(count, d))

    def step():
        with torch.no_grad():
            return cell(rows, state)

    return step, count, step()[0][0].tolist()


known = {}
print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    key = (asked["what"], asked["d"])
    if key not in known:
        known[key] = work(*key)
        for _ in range(20):
            known[key][0]()
    call, count, h = known[key]
    calls, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < asked["ms"] / 1000:
        for _ in range(5):
            call()
        calls += 5
    print(json.dumps({"micros": passed / calls * 1e6 / count, "h": h}), flush=True)
