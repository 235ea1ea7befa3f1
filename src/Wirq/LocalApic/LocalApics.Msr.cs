using Wirq.Events;

namespace Wirq;

// IA32_APIC_BASE, IA32_TSC_DEADLINE and the registers of x2APIC mode (Intel SDM vol. 3, 11.12).
public sealed partial class LocalApics
{
    /// <summary>Whether an MSR is one of a local APIC's (<see cref="ApicMsr"/>).</summary>
    public static bool ClaimsMsr(uint msr) => msr is ApicMsr.Base or ApicMsr.TscDeadline || ApicMsr.IsX2Apic(msr);

    /// <summary>Reads an MSR, 64 bits; false means <c>#GP(0)</c>.</summary>
    internal bool TryReadMsr(int cpu, uint msr, EventBuffer events, out ulong value)
    {
        ref ApicState s = ref _state[cpu];
        value = 0;
        switch (msr)
        {
            case ApicMsr.Base:
                value = s.Base.Bits;
                return true;
            case ApicMsr.TscDeadline:
                if (!_hasTscDeadline)
                    return false;
                value = ReadTscDeadline(cpu, events);
                return true;
        }
        if (!ClaimsMsr(msr) || s.Base.Mode != ApicMode.X2Apic)
            return false;
        ApicRegister register = ApicMsr.RegisterOf(msr);
        if ((AccessX2Apic(register) & RegisterAccess.Read) == 0)
            return false;
        value = register == ApicRegister.CommandLow ? s.Command.Bits : Load(cpu, ref s, register, events);
        return true;
    }

    /// <summary>Writes an MSR, 64 bits; false means <c>#GP(0)</c>.</summary>
    internal bool TryWriteMsr(int cpu, uint msr, ulong value, EventBuffer events)
    {
        switch (msr)
        {
            case ApicMsr.Base:
                return TryWriteBase(cpu, value, events);
            case ApicMsr.TscDeadline:
                if (_hasTscDeadline)
                    WriteTscDeadline(cpu, value, events);
                return _hasTscDeadline;
        }
        ref ApicState s = ref _state[cpu];
        if (!ClaimsMsr(msr) || s.Base.Mode != ApicMode.X2Apic)
            return false;
        ApicRegister register = ApicMsr.RegisterOf(msr);
        if ((AccessX2Apic(register) & RegisterAccess.Write) == 0 || (value & ReservedX2Apic(register)) != 0)
            return false;

        if (register == ApicRegister.CommandLow)
        {
            s.Command = InterruptCommand.FromX2Apic(value);
            Send(cpu, s.Command, s.Command.Destination32, events);
        }
        else if (register == ApicRegister.SelfIpi)
        {
            // 11.12.11: a Fixed edge to self; the ICR does not change.
            Send(cpu, InterruptCommand.Create((byte)value, shorthand: DestinationShorthand.Self), 0, events);
        }
        else
        {
            Store(cpu, ref s, register, (uint)value, events);
        }
        return true;
    }

    private RegisterAccess AccessX2Apic(ApicRegister register) =>
        register == ApicRegister.Cmci && !_hasCmci ? RegisterAccess.None : ApicRegisters.X2Apic(register);

    /// <summary>Bits that must be written 0 (11.12.1.3). EOI and ESR take nothing but 0.</summary>
    private ulong ReservedX2Apic(ApicRegister register)
    {
        if (register == ApicRegister.CommandLow)
            return InterruptCommand.ReservedX2Apic;
        uint allowed = register switch
        {
            ApicRegister.Eoi or ApicRegister.ErrorStatus => 0,
            ApicRegister.TaskPriority => TaskPriority.Writable,
            ApicRegister.SpuriousVector => SpuriousVector.Writable(_suppressesEoi),
            ApicRegister.DivideConfiguration => DivideConfiguration.Writable,
            ApicRegister.SelfIpi => byte.MaxValue,
            _ when ApicRegisters.IsLocalVector(register, out LocalVector entry) =>
                ~LocalVectorEntry.ReservedX2Apic(entry, _hasTscDeadline),
            _ => uint.MaxValue,
        };
        return ~(ulong)allowed;
    }

    private bool TryWriteBase(int cpu, ulong value, EventBuffer events)
    {
        ref ApicState s = ref _state[cpu];
        ApicBase old = s.Base;
        var next = new ApicBase(value);
        if (_quirks.BaseNeverFaults)
            next = old.Tolerate(value);
        else if (!old.Allows(next, _options.PhysicalAddressBits, _hasX2Apic))
            return false;
        if (_quirks.DisableIsFinal && !old.Enabled)
            next = next.WithoutEnable;
        if (next == old)
            return true;

        bool before = Deliverable(in s), passedIntr = PassesIntr(cpu, in s);
        Unlist(cpu, in s);
        s.Base = next;
        // The id that software wrote is lost on the transition to x2APIC mode (11.12.5.1) and through the disabled
        // state, which is as after reset (11.4.3).
        if (next.Mode != old.Mode && !_quirks.DisableIsFinal)
            s.Id = XApicId.For((byte)_ids[cpu]);
        List(cpu, in s);

        if (next.Mode == ApicMode.X2Apic && old.Mode == ApicMode.XApic)
        {
            // 11.12.5.1: LDR and the high half of the ICR are not preserved; the rest is.
            s.Logical = _quirks.X2ApicLdrStays ? LogicalDestination.Derived(_ids[cpu]) : default;
            s.Command = s.Command.WithoutDestination;
        }
        bool disabled = old.Enabled && !next.Enabled;
        if (events.Observing)
            events.Observe(new ApicBaseChanged(cpu, next, old).ToEvent());
        if (disabled && !_quirks.DisableKeepsState)
        {
            ClearRegisters(cpu, ref s);
            ObserveReset(cpu, ApicResetCause.HardwareDisable, events);
        }
        else if (disabled && _quirks.DisableIsFinal)
        {
            s.Spurious = s.Spurious.Disabled;
        }
        if (next.Mode != old.Mode)
            RemakeTable();
        WakeIfNew(cpu, in s, before, events);
        Lint0Changed(cpu, ref s, passedIntr, events);
        return true;
    }
}
