#!/usr/bin/env python3
"""Runs a program and kills it, with all its threads and children, as it enters its N-th system call.

    injector.py N PROGRAM [ARGUMENT...]

System calls are counted over all threads, in the order in which the kernel sees them. With N = 0 nothing is killed. The count of system calls
is written to the file that KILL_POINTS_COUNT names. Ends with the program's status, or with 137 if it was killed.
"""

import ctypes
import os
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
# TRACESYSGOOD, FORK, VFORK, CLONE, EXEC, EXITKILL.
OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100000
WALL = 0x40000000


def ptrace(request, pid, data=0):
    # A thread that ended meanwhile is no error.
    return libc.ptrace(request, pid, None, data)


def main():
    point, words = int(sys.argv[1]), sys.argv[2:]
    count_to = os.environ.pop("KILL_POINTS_COUNT", None)
    first = os.fork()
    if first == 0:
        ptrace(TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv(words[0], words)
    os.waitpid(first, 0)
    ptrace(SETOPTIONS, first, OPTIONS)
    tracees, inside, count, status = {first}, set(), 0, None
    # What fork left of the injector itself does not count.
    begun = False
    ptrace(SYSCALL, first)
    while tracees:
        try:
            pid, stopped = os.waitpid(-1, WALL)
        except ChildProcessError:
            break
        if os.WIFEXITED(stopped) or os.WIFSIGNALED(stopped):
            tracees.discard(pid)
            inside.discard(pid)
            if pid == first:
                status = os.WEXITSTATUS(stopped) if os.WIFEXITED(stopped) else 128 + os.WTERMSIG(stopped)
            continue
        tracees.add(pid)
        what, event = os.WSTOPSIG(stopped), stopped >> 16
        if what == signal.SIGTRAP | 0x80:
            if pid in inside:
                inside.discard(pid)
            else:
                inside.add(pid)
                count += begun
                if point and count == point:
                    for tracee in list(tracees):
                        try:
                            os.kill(tracee, signal.SIGKILL)
                        except ProcessLookupError:
                            pass
                    point = 0
                    continue
            ptrace(SYSCALL, pid)
        elif event:
            if event == 4 and not begun:
                begun = True
            ptrace(SYSCALL, pid)
        elif what in (signal.SIGSTOP, signal.SIGTRAP):
            # A new thread's or child's first stop.
            ptrace(SYSCALL, pid)
        else:
            ptrace(SYSCALL, pid, what)
    if count_to is not None:
        with open(count_to, "w") as file:
            file.write(str(count))
    sys.exit(status if status is not None else 1)


main()
