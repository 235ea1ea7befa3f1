namespace Wirq.Board.Devices.Virtio;

/// <summary>What a virtio function is: its type, and what it does with the buffers of its driver.</summary>
/// <remarks>It is called by one thread at a time, and holds no lock.</remarks>
internal interface IVirtioDevice
{
    /// <summary>Its type (virtio 1.2, 5).</summary>
    ushort Type { get; }

    /// <summary>The class code of its PCI function, in bits 31:8.</summary>
    uint ClassCode { get; }

    /// <summary>The features that it offers, besides those of every function.</summary>
    ulong Features { get; }

    /// <summary>A byte of its configuration; 0 beyond the end.</summary>
    /// <param name="offset">Not negative.</param>
    byte ReadConfiguration(int offset);

    /// <summary>Serves one request.</summary>
    /// <param name="buffers">The buffers of the request; nothing of them was read or written.</param>
    /// <returns>Bytes that were written.</returns>
    uint Serve(VirtioBuffers buffers);
}
