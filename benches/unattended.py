#!/usr/bin/env python3
"""unattended.py PROGRAM [RUNS]: set-up flows with nobody there, on a practice server of the program's own, through a relay that
counts turns and makes each as slow as a round trip is to be; then answer files: a check of a good one, the refusal of a huge one.

For each: milliseconds of wall clock (median, minimum, maximum), processor time, turns, connections (each one turn of TCP, which
the others do not count), bytes printed, and the peak of resident memory (VmHWM, looked at every millisecond in a run of its own,
which the times are not from)."""
import os, re, resource, shutil, socket, statistics, subprocess, sys, tempfile, threading, time

program, runs = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
work = tempfile.mkdtemp()
for name in list(os.environ):
    if name.startswith("OCTOPUS_SETUP_"):
        del os.environ[name]


class Relay:
    """Between a client and the server: `turns` are the times that a client began to speak, at first or after the server."""

    def __init__(self, port):
        self.port, self.delay, self.turns, self.connections = port, 0.0, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        # TCP has been answered by this machine's own system already, so its turn is waited for here.
        time.sleep(self.delay)
        server = socket.create_connection(("127.0.0.1", self.port))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        heard = threading.Event()

        def forth():
            while data := self.read(client):
                if not heard.is_set():
                    heard.set()
                    self.turns += 1
                server.sendall(data)
            self.shut(server)

        threading.Thread(target=forth, daemon=True).start()
        while data := self.read(server):
            if heard.is_set():
                time.sleep(self.delay)
                heard.clear()
            try:
                client.sendall(data)
            except OSError:
                break
        self.shut(client)

    @staticmethod
    def read(end):
        try:
            return end.recv(65536)
        except OSError:
            return b""

    @staticmethod
    def shut(end):
        try:
            end.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def run(arguments, state, environment=None, peak=False):
    """Milliseconds, processor milliseconds, what was printed, exit status; with `peak`, KiB instead of milliseconds."""
    env = {**os.environ, "OCTOPUS_SETUP_STATE_DIR": f"{work}/{state}", **(environment or {})}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    child = subprocess.Popen([program, *arguments], env=env, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    most, ended = 0, threading.Event()

    def look():
        nonlocal most
        while not ended.wait(0.001):
            try:
                with open(f"/proc/{child.pid}/status") as lines:
                    found = re.search(r"VmHWM:\s+(\d+)", lines.read())
                most = max(most, int(found[1]) if found else 0)
            except OSError:
                return

    watcher = threading.Thread(target=look)
    if peak:
        watcher.start()
    printed = child.communicate()[0]
    wall = (time.perf_counter() - begun) * 1000
    ended.set()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
    return (most if peak else wall, cpu, printed, child.returncode)


def told(name, results, relay=None, count=1, peak=None, wanted=0):
    for _, _, printed, status in results:
        if status != wanted:
            raise SystemExit(f"unattended: {name} ended with {status}: {printed.decode(errors='replace')[:6000]}")
    walls = [wall for wall, *_ in results]
    line = f"{name}: {statistics.median(walls):.0f} ms [{min(walls):.0f}-{max(walls):.0f}], processor {statistics.median(r[1] for r in results):.0f} ms, "
    if relay:
        line += f"{(relay.turns + relay.connections) / count:g} turns, {relay.connections / count:g} of them TCP, "
    print(line + f"{len(results[0][2])} bytes printed" + (f", peak {peak / 1024:.1f} MiB" if peak else ""), flush=True)


serve = subprocess.Popen([program, "practice", "serve", "--data", f"{work}/server", "--answers", f"{work}/server.toml"], stdout=subprocess.PIPE)
try:
    announced = b""
    while not re.search(rb"port = (\d+)", announced):
        announced += os.read(serve.stdout.fileno(), 65536)
    while not os.path.exists(f"{work}/server.toml"):
        time.sleep(0.01)
    relay = Relay(int(re.search(rb"port = (\d+)", announced)[1]))
    number = 0

    def flow(word, environment=None, extra=(), peak=False, shared=False):
        tag = f"{word}-{number}"
        arguments = [word, "--answers", "server.toml", "--server", f"localhost,{relay.own}", "--database", f"Octopus{number}", "--instance", tag]
        arguments += ["--node-name", tag, "--home", f"{work}/{tag}", "--listen-prefixes", "http://localhost:8065/", "--accept", "sql-latency"]
        arguments += ["--key-file", f"{work}/key-{number}"] if word == "first-node" else ["--master-key-from", f"file:{work}/key-{number}"]
        if shared:
            os.makedirs(f"{work}/share-{number}", exist_ok=True)
            arguments += ["--accept", "storage-disk"]
            arguments += ["--storage", "root", "--storage-root", f"{work}/share-{number}"] if word == "first-node" else []
        else:
            arguments += ["--accept", "storage-folders"] if word == "join" else []
        return run([*arguments, *extra, "--yes"], tag, environment, peak)

    for delay, shared in ((0.0, False), (0.05, False), (0.0, True), (0.05, True)):
        relay.delay = delay
        firsts, joins, totals = [], [], {"first-node": [0, 0], "join": [0, 0]}
        for _ in range(runs):
            number += 1
            for word, results in (("first-node", firsts), ("join", joins)):
                relay.turns = relay.connections = 0
                results.append(flow(word, shared=shared))
                totals[word][0] += relay.turns
                totals[word][1] += relay.connections
        number += 1
        peaks = [flow(word, peak=True, shared=shared)[0] for word in ("first-node", "join")]
        for word, results, peak in (("first-node", firsts, peaks[0]), ("join", joins, peaks[1])):
            relay.turns, relay.connections = totals[word]
            told(f"{word} --yes{', shared storage,' if shared else ''} at {delay * 1000:.0f} ms", results, relay, runs, peak)
    relay.delay = 0.0
    for level in ("off", "info", "trace"):
        results = []
        for place in range(runs):
            number += 1
            flow("first-node")
            results.append(flow("join", {"OCTOPUS_SETUP_LOG": level}, ("--log", f"{work}/log-{level}-{place}")))
        size = os.path.getsize(f"{work}/log-{level}-0") if level != "off" else 0
        told(f"join --yes at 0 ms, --log at {level} ({size} bytes)", results)
finally:
    serve.terminate()
    serve.wait()

with open(f"{work}/good.toml", "w") as good:
    good.write('flow = "first-node"\nserver = "sql01"\nuser = "octopus"\nnode-name = "web01"\npassword = { env = "SECRET" }\n')
environment = {"SECRET": "x"}
check = ["answers", "check", "--answers", "good.toml"]
told("answers check of a good file", [run(check, "s", environment) for _ in range(runs)], peak=run(check, "s", environment, True)[0])
with open(f"{work}/huge.toml", "w") as huge:
    huge.write("# comment\n" * (5 << 20))
check = ["answers", "check", "--answers", "huge.toml"]
told("answers check of a file of 50 MB", [run(check, "s") for _ in range(runs)], peak=run(check, "s", None, True)[0], wanted=3)
shutil.rmtree(work)
