"""NumPy's side of `cargo bench --bench var`: one line of stdin is one pass, answered by its figure.

The same work as ours: correlated normal moves by Cholesky, every holding valued anew by the
exponential, 95 % and 99 % value at risk and expected shortfall by selection. Everything that can be
is done in place.
"""

import sys

import numpy as np

ASSETS = 10


def market():
    at = np.arange(ASSETS)
    deviation = 0.01 * (1.0 + 0.2 * at)
    correlation = 0.6 - 0.05 * np.abs(at[:, None] - at)
    np.fill_diagonal(correlation, 1.0)
    root = np.linalg.cholesky(correlation * np.outer(deviation, deviation))
    values = np.where(at % 3 == 2, -50_000.0, 100_000.0)
    return np.full(ASSETS, 0.0005), np.ascontiguousarray(root.T), values


def tails(profits):
    figures = []
    count = len(profits)
    cuts = [-(-count * permille // 1000) for permille in (50, 10)]
    profits.partition([cut - 1 for cut in reversed(cuts)])
    for cut, weight in zip(cuts, (count * 0.05, count * 0.01)):
        last = profits[cut - 1]
        whole = profits[: cut - 1].sum()
        figures.append((-last, -(whole + (weight - cut + 1) * last) / weight))
    return figures


class Simulation:
    """A pass in one precision, with room of its own."""

    def __init__(self, paths, precision):
        mean, root, values = market()
        self.mean, self.root, self.values = (part.astype(precision) for part in (mean, root, values))
        self.total = self.values.sum()
        self.precision = precision
        self.half = paths // 2
        self.random = np.random.Generator(np.random.SFC64(1))
        self.normals = np.empty((paths, ASSETS), precision)
        self.moves = np.empty((paths, ASSETS), precision)
        self.profits = np.empty(paths, precision)

    def run(self, antithetic):
        normals, moves, profits, half = self.normals, self.moves, self.profits, self.half
        if antithetic:
            self.random.standard_normal(out=normals[:half], dtype=self.precision)
            np.matmul(normals[:half], self.root, out=moves[:half])
            np.negative(moves[:half], out=moves[half:])
        else:
            self.random.standard_normal(out=normals, dtype=self.precision)
            np.matmul(normals, self.root, out=moves)
        np.add(moves, self.mean, out=moves)
        np.exp(moves, out=moves)
        np.matmul(moves, self.values, out=profits)
        np.subtract(profits, self.total, out=profits)
        return tails(profits)


def main():
    paths = int(sys.argv[1])
    simulations = {"double": Simulation(paths, np.float64), "single": Simulation(paths, np.float32)}
    print(f"  NumPy {np.__version__}", flush=True)
    for line in sys.stdin:
        precision, kind = line.split()
        print(simulations[precision].run(kind == "antithetic")[1][0], flush=True)


main()
