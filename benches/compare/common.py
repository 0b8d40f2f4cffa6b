"""What all comparisons share: the environment of the peers, one core, and the library's side."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
VENV = TARGET / "compare-venv"
INSIDE = "TESSERAL_COMPARE_INSIDE"

# One thread for whatever the peers compute with; read when they are imported.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def pin():
    """Everything measured runs on the last core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def build(root, program, lmax, features=()):
    """The measuring program of a checkout, each in its own target folder."""
    target = TARGET if root == ROOT else root / "target"
    folder, kind, place = root / "benches", ["--bin", program], "release"
    if not (folder / "Cargo.toml").exists():
        # Measuring programs were examples before `benches` was a package.
        program = program.replace("-", "_")
        folder, kind, place = root, ["--no-default-features", "--example", program], "release/examples"
    kind = [*kind, *(["--features", ",".join(features)] if features else [])]
    environment = dict(os.environ, LMAX=str(lmax), CARGO_TARGET_DIR=str(target))
    try:
        subprocess.run(["cargo", "build", "--release", *kind], cwd=folder, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"{program} of {root} was not built: {error}") from error
    return target / place / program


class Ended(SystemExit):
    """A measuring program ended instead of answering."""


class Side:
    """A checkout: a process that answers one case per line."""

    def __init__(self, program, arguments, is_fresh):
        self.command = [str(program), *arguments]
        self.is_fresh = is_fresh
        self.process = None

    def measure(self, case, numbers=2):
        """So many numbers, None where the answer has no number."""
        if self.process is None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        try:
            self.process.stdin.write(case + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().split()
        except BrokenPipeError:
            # It did not even begin; what it says about that stands above.
            answer = []
        if self.is_fresh or len(answer) != numbers:
            self.end()
        if len(answer) != numbers:
            raise Ended(f"{self.command[0]} ended at the case {case}")
        return tuple(None if word == "-" else float(word) for word in answer)

    def end(self):
        """The next case starts a new process."""
        process, self.process = self.process, None
        process.stdout.close()
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        process.wait()


def fastest(call, samples=9, least=1e6, clock=time.thread_time_ns):
    """Nanoseconds of one call by a clock, the CPU time of this thread unless told."""
    calls = 1
    while True:
        begun = clock()
        for _ in range(calls):
            call()
        passed = clock() - begun
        if passed >= least:
            break
        calls = int(calls * min(100, max(1.5, 1.2 * least / max(passed, 1)))) + 1
    best = passed / calls
    for _ in range(samples):
        begun = clock()
        for _ in range(calls):
            call()
        best = min(best, (clock() - begun) / calls)
    return best


def enter_environment(packages):
    """Runs this script again with the packages installed, each alone: a list for each peer.

    What cannot be installed is said and left out.
    """
    if os.environ.get(INSIDE) or not packages:
        return
    python = VENV / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=2)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the peers could not be installed ({error})", file=sys.stderr)
        return
    for names in packages:
        command = [str(python), "-m", "pip", "install", "--quiet", *names]
        if subprocess.run(command, stdout=2, check=False).returncode != 0:
            print(f"{', '.join(names)} could not be installed", file=sys.stderr)
    os.environ.update(ONE_THREAD)
    os.environ[INSIDE] = "1"
    os.execv(str(python), [str(python), *sys.argv])


def chosen_peers(text, known):
    """The names in a list with commas."""
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such peer: {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def load(names, classes):
    """The peers that are there."""
    peers = {}
    for name in names:
        try:
            peers[name] = classes[name]()
        except Exception as error:  # A peer may fail in any way when it is loaded.
            print(f"{name} is absent ({error})", file=sys.stderr)
    if names and not peers:
        print("no peers: the library's own columns only", file=sys.stderr)
    return peers
