#!/usr/bin/env python3
"""Runs a program and disturbs it as it enters its N-th system call.

    injector.py kill|full N PROGRAM [ARGUMENT...]

`kill` kills it with all its threads. `full` fills the disk: from that call on, whatever asks for room on it fails with ENOSPC.

System calls are counted over all threads, in the order in which the kernel sees them; a child process is another program, and goes on by
itself. With N = 0 nothing is disturbed. The count of system calls is written to the file that KILL_POINTS_COUNT names. Ends with the
program's status, or with 137 if it was killed.
"""

import ctypes
import errno
import os
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

TRACEME, SYSCALL, GETREGS, SETREGS, SETOPTIONS = 0, 24, 12, 13, 0x4200
# TRACESYSGOOD, CLONE, EXEC, EXITKILL.
OPTIONS = 0x1 | 0x8 | 0x10 | 0x100000
WALL = 0x40000000
EXEC_EVENT = 4

# x86_64: places in user_regs_struct, and the numbers of system calls.
REGISTERS, RAX, RSI, RDI, RDX, ORIG_RAX = 27, 10, 13, 14, 12, 15
WRITES = {1, 18, 20, 296, 328, 40, 326, 77, 285}  # write, pwrite64, writev, pwritev(2), sendfile, copy_file_range, ftruncate, fallocate
OPENAT, OPEN, CREATE = 257, 2, os.O_CREAT | 0x400000  # O_TMPFILE's own bit
NEW_NAMES = {82, 83, 86, 88, 258, 264, 265, 266, 316}  # rename(at)(2), mkdir(at), link(at), symlink(at)
NO_CALL = ctypes.c_ulonglong(-1).value


def ptrace(request, pid, data=0):
    # A thread that ended meanwhile is no error.
    return libc.ptrace(request, pid, None, data)


def takes_room(pid, registers):
    """Whether the call asks for room on a disk."""
    call = registers[ORIG_RAX]
    if call in WRITES:
        place = registers[RSI if call in (326,) else RDI]
        try:
            # sockets, pipes and terminals are no disk.
            return os.readlink(f"/proc/{pid}/fd/{place}").startswith("/") and not os.readlink(f"/proc/{pid}/fd/{place}").startswith("/dev/")
        except OSError:
            return False
    if call == OPENAT:
        return bool(registers[RDX] & CREATE)
    if call == OPEN:
        return bool(registers[RSI] & CREATE)
    return call in NEW_NAMES


def main():
    how, point, words = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    count_to = os.environ.pop("KILL_POINTS_COUNT", None)
    first = os.fork()
    if first == 0:
        ptrace(TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv(words[0], words)
    os.waitpid(first, 0)
    ptrace(SETOPTIONS, first, OPTIONS)
    registers = (ctypes.c_ulonglong * REGISTERS)()
    tracees, inside, refused, count, status = {first}, set(), set(), 0, None
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
                if pid in refused:
                    refused.discard(pid)
                    ptrace(GETREGS, pid, registers)
                    registers[RAX] = ctypes.c_ulonglong(-errno.ENOSPC).value
                    ptrace(SETREGS, pid, registers)
            else:
                inside.add(pid)
                count += begun
                if point and how == "kill" and count == point:
                    for tracee in list(tracees):
                        try:
                            os.kill(tracee, signal.SIGKILL)
                        except ProcessLookupError:
                            pass
                    point = 0
                    continue
                if point and how == "full" and count >= point:
                    ptrace(GETREGS, pid, registers)
                    if takes_room(pid, registers):
                        refused.add(pid)
                        registers[ORIG_RAX] = NO_CALL
                        ptrace(SETREGS, pid, registers)
            ptrace(SYSCALL, pid)
        elif event:
            if event == EXEC_EVENT:
                begun = True
            ptrace(SYSCALL, pid)
        elif what in (signal.SIGSTOP, signal.SIGTRAP):
            # A new thread's first stop.
            ptrace(SYSCALL, pid)
        else:
            ptrace(SYSCALL, pid, what)
    if count_to is not None:
        with open(count_to, "w") as file:
            file.write(str(count))
    sys.exit(status if status is not None else 1)


main()
