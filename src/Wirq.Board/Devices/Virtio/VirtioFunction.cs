using Wirq.Board.Bus;
using Wirq.Board.Devices.Pci;
using Wirq.Board.Memory;
using Wirq.Host;
using Wirq.Linux;

namespace Wirq.Board.Devices.Virtio;

/// <summary>A virtio device on PCI, with one queue that a thread of its own serves. It interrupts by INTA#, or by MSI-X, whose
/// vectors are eventfds that a kernel may serve.</summary>
/// <remarks>
/// <para>virtio 1.2, 4.1: a device without the legacy interface. Its ids are 1AF4 and 1040 plus its type. One vector for the queue
/// and one for changes; the only change is that the device needs a reset, because the driver broke a rule of the ring.</para>
/// <para>One lock guards all. The thread holds it for one request at a time, so a driver that resets the device waits for one
/// request at most, and none is served after that.</para>
/// </remarks>
internal sealed class VirtioFunction : IThreadedFunction, IMemoryDevice
{
    /// <summary>MSI-X vectors.</summary>
    public const int Vectors = 2;

    private const uint Vendor = 0x1AF4, FirstDevice = 0x1040, Revision = 1;
    private const int DeviceShift = 16;
    private const ulong IndirectFeature = 1ul << 28;
    private const byte QueueInterrupt = 1, ChangeInterrupt = 2;

    private readonly Lock _lock = new();
    private readonly IVirtioDevice _device;
    private readonly ConfigurationSpace _space;
    private readonly PciBar _bar;
    private readonly VirtioRing _ring;
    private readonly VirtioRegisters _registers;
    private readonly VirtioBuffers _buffers;
    private readonly MsixTable _table = new(Vectors);
    private readonly EventFdHandle[] _events = [EventFdHandle.Create(), EventFdHandle.Create()];
    private readonly Func<MessageFunction> _connect;
    private readonly PciPin _pin;
    private readonly ushort _requester;
    private readonly Action<ushort, int>? _sending;
    private readonly DeviceThread _thread;
    private MessageFunction _messages;
    private byte _status;

    /// <summary>Connects the function, and starts its thread.</summary>
    /// <param name="host">The machine; it must have virqs and poll eventfds.</param>
    /// <param name="bus">The bus on which BAR0 is mapped and moved.</param>
    /// <param name="memory">The guest's memory. Dispose of the function before it.</param>
    /// <param name="device">What it is.</param>
    /// <param name="requester">Bus, device and function: <see cref="PciRoot.RequesterOf"/>.</param>
    /// <param name="gsi">The line of INTA#.</param>
    /// <param name="sending">Called before the eventfd of a vector is written, with the requester and the vector; null for
    /// none.</param>
    public VirtioFunction(FabricHost host, DeviceBus bus, BoardMemory memory, IVirtioDevice device, ushort requester, int gsi,
        Action<ushort, int>? sending = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(bus);
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        (_requester, _sending) = (requester, sending);
        _ring = new VirtioRing(memory);
        _buffers = new VirtioBuffers(memory);
        _registers = new VirtioRegisters(_ring, device.Features | VirtioRegisters.Version1 | IndirectFeature, Vectors);
        _space = ConfigurationSpace.OfFunction((FirstDevice + device.Type) << DeviceShift | Vendor, device.ClassCode | Revision,
            VirtioCapabilities.BarBytes, VirtioCapabilities.MsixOffset, gsi);
        _bar = new PciBar(bus, this, VirtioCapabilities.BarBytes);
        string label = $"virtio {device.Type}";
        _connect = () => new MessageFunction(host, _table, label, requester, vector => _events[vector]);
        _messages = _connect();
        _pin = new PciPin(host.Connect(gsi, $"{label} INTA#"));
        _thread = new DeviceThread(label, Serve);
        _thread.Start();
    }

    /// <inheritdoc/>
    public uint ReadConfiguration(uint register)
    {
        lock (_lock)
        {
            return register switch
            {
                VirtioCapabilities.MsixOffset => MsixWords.Capability(_table.Control),
                VirtioCapabilities.MsixOffset + 4 => VirtioCapabilities.Table,
                VirtioCapabilities.MsixOffset + 8 => VirtioCapabilities.Pending,
                >= VirtioCapabilities.Offset and < VirtioCapabilities.End => VirtioCapabilities.Read(register),
                PciHeader.CommandStatus => _space.CommandStatus.WithInterruptStatus(_status != 0).Bits,
                _ => _space[register],
            };
        }
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint register, int at, int size, uint value)
    {
        lock (_lock)
        {
            if (register == VirtioCapabilities.MsixOffset)
            {
                _table.WriteControl(MsixWords.Control(Access.Merge(MsixWords.Capability(_table.Control), at, size, value)));
                _messages.AllChanged();
            }
            else
                _space.Write(register, at, size, value);
            _bar.Follow(_space);
            FollowPin();
        }
        // The driver may have made it bus master after it notified.
        _thread.Kick();
    }

    /// <inheritdoc/>
    public ulong ReadMemory(ulong offset, int size)
    {
        uint at = (uint)offset % VirtioCapabilities.Page;
        lock (_lock)
        {
            return ((uint)offset - at) switch
            {
                0 => _registers.Read(at, size),
                VirtioCapabilities.Status when at == 0 => TakeStatus(),
                VirtioCapabilities.Device => ReadDevice(at, size),
                VirtioCapabilities.Table => _table.Read(at, size),
                VirtioCapabilities.Pending when at == 0 => _messages.Pending(0),
                _ => 0,
            };
        }
    }

    /// <inheritdoc/>
    public void WriteMemory(ulong offset, int size, ulong value)
    {
        uint at = (uint)offset % VirtioCapabilities.Page;
        switch ((uint)offset - at)
        {
            case VirtioCapabilities.Notify:
                _thread.Kick();
                break;
            case 0:
                lock (_lock)
                {
                    _registers.Write(at, size, (uint)value);
                    if (_registers.Status == 0)
                        DropInterrupts();
                    FollowPin();
                }
                // Requests may have waited for the driver to be ready.
                _thread.Kick();
                break;
            case VirtioCapabilities.Table:
                lock (_lock)
                    _messages.Changed(_table.Write(at, size, value));
                break;
        }
    }

    /// <summary>Stops its thread, and leaves the bus. Its line and its vectors end with the machine.</summary>
    public void Stop()
    {
        _thread.Stop();
        _bar.Unmap();
    }

    /// <summary>Closes its eventfds, after the machine that watches them is disposed of.</summary>
    public void Dispose()
    {
        Stop();
        foreach (EventFdHandle handle in _events)
            handle.Dispose();
        _thread.Dispose();
    }

    private int Serve()
    {
        while (!_thread.Stops && ServeOne())
            continue;
        return Timeout.Infinite;
    }

    /// <summary>Serves one request.</summary>
    /// <returns>Whether there was one.</returns>
    private bool ServeOne()
    {
        lock (_lock)
        {
            if (!_registers.Runs || !_space.CommandStatus.MayMaster)
                return false;
            bool taken = _ring.TryTake(_buffers, out ushort head);
            if (taken && _ring.Give(head, _device.Serve(_buffers)))
                Interrupt(_registers.QueueVector, QueueInterrupt);
            if (_ring.Broken)
            {
                _registers.Break();
                Interrupt(_registers.ChangeVector, ChangeInterrupt);
            }
            return taken;
        }
    }

    private void Interrupt(ushort vector, byte status)
    {
        if (!_table.Enabled)
        {
            _status |= status;
            FollowPin();
        }
        else if (vector != VirtioRegisters.NoVector)
        {
            _sending?.Invoke(_requester, vector);
            _events[vector].Write();
        }
    }

    /// <summary>After a reset the device sends nothing until its driver has started it again (virtio 1.2, 2.4.1): neither by INTA#, nor
    /// the message of a vector that was masked.</summary>
    private void DropInterrupts()
    {
        _status = 0;
        if (_messages.Pending(0) == 0)
            return;
        // The machine may have seen what is pending. It must not wait for it any longer, so it gets new virqs.
        _messages.Dispose();
        foreach (EventFdHandle vector in _events)
            vector.TryRead(out _);
        _messages = _connect();
    }

    /// <summary>A read of the status clears it, and with it the interrupt (virtio 1.2, 4.1.4.5).</summary>
    private byte TakeStatus()
    {
        byte status = _status;
        _status = 0;
        FollowPin();
        return status;
    }

    private ulong ReadDevice(uint at, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
            value |= (ulong)_device.ReadConfiguration((int)at + i) << 8 * i;
        return value;
    }

    private void FollowPin() => _pin.Follow(_status != 0, _space.CommandStatus, _table.Enabled);
}

/// <summary>The first word of an MSI-X capability.</summary>
/// <remarks><code>31:16 control   15:8 next   7:0 id, 0x11</code>PCI Local Bus 3.0, 6.8.2.</remarks>
internal static class MsixWords
{
    private const int ControlShift = 16, NextShift = 8;

    internal static uint Capability(ushort control) => (uint)control << ControlShift | VirtioCapabilities.Offset << NextShift | MsixTable.CapabilityId;

    internal static ushort Control(uint word) => (ushort)(word >> ControlShift);
}
