namespace Wirq.Lab.Kernels;

/// <summary>What a row of the table leads to.</summary>
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

/// <summary>One row of a kernel's route table, of any kind that x86 has but Hyper-V's and Xen's.</summary>
/// <param name="Gsi">The GSI.</param>
/// <param name="Target">What it leads to.</param>
/// <param name="Message">The message, where it leads to one; addresses above 32 bits count with
/// <see cref="SimulatedX2ApicApi.Use32BitIds"/> alone.</param>
/// <param name="Pin">The pin, where it leads to a chip.</param>
internal readonly record struct SimulatedRoute(int Gsi, RouteTarget Target, Msi Message, int Pin)
{
    /// <summary>A row that leads to a message.</summary>
    public static SimulatedRoute ToMessage(int gsi, Msi message) => new(gsi, RouteTarget.Msi, message, 0);

    /// <summary>A row that leads to a pin.</summary>
    public static SimulatedRoute ToPin(int gsi, RouteTarget chip, int pin) => new(gsi, chip, default, pin);
}
