namespace Wirq.Lab.Kernels;

/// <summary>The target of a row of the table.</summary>
internal enum RouteTarget : byte
{
    /// <summary>A message (KVM_IRQ_ROUTING_MSI).</summary>
    Msi,
    /// <summary>A pin of the master 8259 (KVM_IRQ_ROUTING_IRQCHIP, chip 0).</summary>
    PicMaster,
    /// <summary>A pin of the slave 8259 (chip 1).</summary>
    PicSlave,
    /// <summary>A pin of the I/OAPIC (chip 2).</summary>
    IoApic,
}

/// <summary>One row of a kernel's route table, of any kind of x86 except Hyper-V's and Xen's.</summary>
/// <param name="Gsi">The GSI.</param>
/// <param name="Target">Its target.</param>
/// <param name="Message">The message, if that is the target. Address bits above 31 have a meaning only with
/// <see cref="SimulatedX2ApicApi.Use32BitIds"/>.</param>
/// <param name="Pin">The pin, if the target is a chip.</param>
internal readonly record struct SimulatedRoute(int Gsi, RouteTarget Target, Msi Message, int Pin)
{
    /// <summary>A row for a message.</summary>
    public static SimulatedRoute ToMessage(int gsi, Msi message) => new(gsi, RouteTarget.Msi, message, 0);

    /// <summary>A row for a pin.</summary>
    public static SimulatedRoute ToPin(int gsi, RouteTarget chip, int pin) => new(gsi, chip, default, pin);
}
