#!/usr/bin/env python3
"""drive.py REGEX KEYS COMMAND...: run a program in an 80x24 pseudo-terminal, wait for REGEX, type KEYS one by one
(Python escapes), wait for its end. KEYS may be empty; the program is then ended. Its exit status is this one's."""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

pattern, keys, argv = sys.argv[1], sys.argv[2].encode().decode("unicode_escape"), sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm-256color"
    time.sleep(0.2)  # until the window has its size
    os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
seen = b""


def read(seconds):
    """What was written within so many seconds; None for silence, nothing for the end."""
    global seen
    if not select.select([fd], [], [], seconds)[0]:
        return None
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    seen += data
    return data


def drain(seconds):
    while read(seconds):
        pass


end = time.time() + 120
while not re.search(pattern, re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b" ", seen).decode(errors="replace")):
    if read(max(0, end - time.time())) in (None, b""):
        os.kill(pid, signal.SIGKILL)
        sys.exit(f"drive: {pattern!r} never came; wrote {seen[-400:]!r}")
drain(1.0)
for key in keys:
    try:
        os.write(fd, key.encode())
    except OSError:
        break
    drain(1.0)
if read(5) is None:
    os.kill(pid, signal.SIGTERM)
    drain(5)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
