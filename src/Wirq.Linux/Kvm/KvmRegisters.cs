using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>The general registers of a vCPU (<c>struct kvm_regs</c>; each field has its register's name).</summary>
[CName("struct kvm_regs")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmRegisters
{
    /// <summary>RAX.</summary>
    [CName("rax")] public ulong Rax;
    /// <summary>RBX.</summary>
    [CName("rbx")] public ulong Rbx;
    /// <summary>RCX.</summary>
    [CName("rcx")] public ulong Rcx;
    /// <summary>RDX.</summary>
    [CName("rdx")] public ulong Rdx;
    /// <summary>RSI.</summary>
    [CName("rsi")] public ulong Rsi;
    /// <summary>RDI.</summary>
    [CName("rdi")] public ulong Rdi;
    /// <summary>RSP.</summary>
    [CName("rsp")] public ulong Rsp;
    /// <summary>RBP.</summary>
    [CName("rbp")] public ulong Rbp;
    /// <summary>R8.</summary>
    [CName("r8")] public ulong R8;
    /// <summary>R9.</summary>
    [CName("r9")] public ulong R9;
    /// <summary>R10.</summary>
    [CName("r10")] public ulong R10;
    /// <summary>R11.</summary>
    [CName("r11")] public ulong R11;
    /// <summary>R12.</summary>
    [CName("r12")] public ulong R12;
    /// <summary>R13.</summary>
    [CName("r13")] public ulong R13;
    /// <summary>R14.</summary>
    [CName("r14")] public ulong R14;
    /// <summary>R15.</summary>
    [CName("r15")] public ulong R15;
    /// <summary>RIP.</summary>
    [CName("rip")] public ulong Rip;
    /// <summary>RFLAGS.</summary>
    [CName("rflags")] public ulong Rflags;
}

/// <summary>A segment register (<c>struct kvm_segment</c>; Intel SDM vol. 3, 3.4.5 for the fields).</summary>
[CName("struct kvm_segment")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmSegment
{
    /// <summary>Base (<c>base</c>).</summary>
    [CName("base")] public ulong Base;
    /// <summary>Limit in bytes (<c>limit</c>).</summary>
    [CName("limit")] public uint Limit;
    /// <summary>Selector (<c>selector</c>).</summary>
    [CName("selector")] public ushort Selector;
    /// <summary>Type, 4 bits (<c>type</c>).</summary>
    [CName("type")] public byte Type;
    /// <summary>Present (<c>present</c>).</summary>
    [CName("present")] public byte Present;
    /// <summary>Privilege level (<c>dpl</c>).</summary>
    [CName("dpl")] public byte PrivilegeLevel;
    /// <summary>Default size: 1 for 32 bits (<c>db</c>).</summary>
    [CName("db")] public byte DefaultSize;
    /// <summary>1 for code and data, 0 for system (<c>s</c>).</summary>
    [CName("s")] public byte CodeOrData;
    /// <summary>64-bit code (<c>l</c>).</summary>
    [CName("l")] public byte LongMode;
    /// <summary>Granularity: the limit counts pages (<c>g</c>).</summary>
    [CName("g")] public byte Granularity;
    /// <summary>Available to software (<c>avl</c>).</summary>
    [CName("avl")] public byte Available;
    /// <summary>Not usable (<c>unusable</c>).</summary>
    [CName("unusable")] public byte Unusable;
    [CName("padding")] private byte _padding;
}

/// <summary>A descriptor table register (<c>struct kvm_dtable</c>).</summary>
[CName("struct kvm_dtable")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmDescriptorTable
{
    /// <summary>Base (<c>base</c>).</summary>
    [CName("base")] public ulong Base;
    /// <summary>Limit in bytes (<c>limit</c>).</summary>
    [CName("limit")] public ushort Limit;
    [CName("padding[0]")] private ushort _padding0;
    [CName("padding[1]")] private ushort _padding1;
    [CName("padding[2]")] private ushort _padding2;
}

/// <summary>The system registers of a vCPU (<c>struct kvm_sregs</c>).</summary>
[CName("struct kvm_sregs")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmSystemRegisters
{
    /// <summary>CS.</summary>
    [CName("cs")] public KvmSegment Cs;
    /// <summary>DS.</summary>
    [CName("ds")] public KvmSegment Ds;
    /// <summary>ES.</summary>
    [CName("es")] public KvmSegment Es;
    /// <summary>FS.</summary>
    [CName("fs")] public KvmSegment Fs;
    /// <summary>GS.</summary>
    [CName("gs")] public KvmSegment Gs;
    /// <summary>SS.</summary>
    [CName("ss")] public KvmSegment Ss;
    /// <summary>TR.</summary>
    [CName("tr")] public KvmSegment Tr;
    /// <summary>LDTR.</summary>
    [CName("ldt")] public KvmSegment Ldt;
    /// <summary>GDTR.</summary>
    [CName("gdt")] public KvmDescriptorTable Gdt;
    /// <summary>IDTR.</summary>
    [CName("idt")] public KvmDescriptorTable Idt;
    /// <summary>CR0.</summary>
    [CName("cr0")] public ulong Cr0;
    /// <summary>CR2.</summary>
    [CName("cr2")] public ulong Cr2;
    /// <summary>CR3.</summary>
    [CName("cr3")] public ulong Cr3;
    /// <summary>CR4.</summary>
    [CName("cr4")] public ulong Cr4;
    /// <summary>CR8: the priority class of TPR.</summary>
    [CName("cr8")] public ulong Cr8;
    /// <summary>IA32_EFER.</summary>
    [CName("efer")] public ulong Efer;
    /// <summary>IA32_APIC_BASE (<c>apic_base</c>).</summary>
    [CName("apic_base")] public ulong ApicBase;
    /// <summary>The interrupt that is being injected, if the kernel has no irqchip; bit n for vector n
    /// (<c>interrupt_bitmap</c>).</summary>
    [CName("interrupt_bitmap")] public KvmVectorBits Injected;
}

/// <summary>One bit for each of the 256 vectors, in four words.</summary>
[InlineArray(4)]
public struct KvmVectorBits
{
    private ulong _first;
}
