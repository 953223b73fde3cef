"""Microseconds of an LSTM step and of a truncated-BPTT-16 step with Adam in PyTorch on one thread, as JSON."""
import json
import time

import torch

torch.set_num_threads(1)
inputs, steps, rounds = 8, 16, 7


def least(work, calls):
    best = float("inf")
    for _ in range(rounds + 1):
        started = time.perf_counter()
        for _ in range(calls):
            work()
        best = min(best, (time.perf_counter() - started) / calls * 1e6)
    return best


def main():
    micros = {}
    for d in (64, 128, 256):
        cell = torch.nn.LSTMCell(inputs, d)
        x, state = torch.rand(1, inputs), (torch.zeros(1, d), torch.zeros(1, d))

        def step():
            with torch.no_grad():
                cell(x, state)

        micros[f"lstm {d}"] = least(step, 500)
        lstm = torch.nn.LSTM(inputs, d)
        adam = torch.optim.Adam(lstm.parameters(), lr=1e-7)
        window = torch.rand(steps, 1, inputs)

        def learn():
            adam.zero_grad()
            lstm(window)[0][-1].sum().backward()
            adam.step()

        micros[f"tbptt {d}"] = least(learn, 50)
    print(json.dumps(micros))


main()
