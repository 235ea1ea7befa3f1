#!/usr/bin/env python3
"""cut-dat.py IN OUT: a trace.dat of version 6 with the formats of KVM's events only (the formats of all others are 2 MB)."""
import struct, sys

data = open(sys.argv[1], "rb").read()
at = 0
out = bytearray()

def u32(p): return struct.unpack_from("<I", data, p)[0]
def u64(p): return struct.unpack_from("<Q", data, p)[0]

def copy(n):
    global at
    out.extend(data[at:at + n]); at += n

copy(10 + 2 + 2 + 4)                      # magic, "6", byte order, long, page
for name in (b"header_page\0", b"header_event\0"):
    copy(len(name)); copy(8 + u64(at))
n = u32(at); at += 4                      # ftrace's own events: none
for _ in range(n): at += 8 + u64(at)
out += struct.pack("<I", 0)
n = u32(at); at += 4
out += struct.pack("<I", 1)
for _ in range(n):
    end = data.index(0, at); name = data[at:end]; at = end + 1
    count = u32(at); at += 4
    begin = at
    for _ in range(count): at += 8 + u64(at)
    if name == b"kvm":
        out += name + b"\0" + struct.pack("<I", count) + data[begin:at]
for _ in range(2):                        # kallsyms, printk: none
    at += 4 + u32(at); out += struct.pack("<I", 0)
copy(8 + u64(at))                         # names of tasks
cpus = u32(at); copy(4)
copy(10)                                  # "options"
while True:
    option = struct.unpack_from("<H", data, at)[0]; copy(2)
    if option == 0: break
    copy(4 + u32(at))
copy(10)                                  # "flyrecord"
place = (len(out) + 16 * cpus + 4095) // 4096 * 4096
pages = []
for _ in range(cpus):
    offset, size = u64(at), u64(at + 8); at += 16
    out += struct.pack("<QQ", place, size)
    place += (size + 4095) // 4096 * 4096
    pages.append(data[offset:offset + size])
for one in pages:
    out += b"\0" * (-len(out) % 4096) + one
open(sys.argv[2], "wb").write(out)
